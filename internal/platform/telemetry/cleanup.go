package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// registerCleanup registers the metrics of the replica that runs cleanup. They are times and not
// ages, so that a former leader need not reset its own: the latest value of all replicas counts.
func (m *Metrics) registerCleanup() {
	m.cleaned = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "usher_cleanup_success_timestamp_seconds",
		Help: "When cleanup last succeeded on this replica, by service, or when the replica started. The latest of all replicas counts.",
	}, []string{"service"})
	m.room = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "usher_partition_room_until_timestamp_seconds",
		Help: "Until when new rows of a table find a partition if no replica creates another. The latest of all replicas counts.",
	}, []string{"table"})
	m.registry.MustRegister(m.cleaned, m.room)
}

// CleanupSucceeded records when the cleanup of a service last succeeded. A nil receiver does
// nothing.
func (m *Metrics) CleanupSucceeded(service string, at time.Time) {
	if m != nil {
		m.cleaned.WithLabelValues(service).Set(float64(at.UnixMilli()) / 1000)
	}
}

// RoomUntil records until when new rows of a table find a partition. A nil receiver does nothing.
func (m *Metrics) RoomUntil(table string, until time.Time) {
	if m != nil {
		m.room.WithLabelValues(table).Set(float64(until.UnixMilli()) / 1000)
	}
}
