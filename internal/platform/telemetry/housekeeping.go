package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// housekeeping are the figures of the replica that keeps house. They are times and not ages, so that those of a replica that
// no longer does need not be taken back: the latest of all replicas counts.
type housekeeping struct {
	kept *prometheus.GaugeVec
	room *prometheus.GaugeVec
}

func newHousekeeping(registry *prometheus.Registry) housekeeping {
	h := housekeeping{
		kept: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "usher_housekeeping_success_timestamp_seconds",
			Help: "When housekeeping last succeeded in this replica, by service, or when the replica began. The latest of all replicas counts.",
		}, []string{"service"}),
		room: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "usher_partition_room_until_timestamp_seconds",
			Help: "Until when whatever is issued finds a partition of a table if nobody makes another. The latest of all replicas counts.",
		}, []string{"table"}),
	}
	registry.MustRegister(h.kept, h.room)
	return h
}

// Housekept shows that a service's house was kept. A nil receiver shows nothing.
func (m *Metrics) Housekept(service string, at time.Time) {
	if m != nil {
		m.house.kept.WithLabelValues(service).Set(float64(at.UnixMilli()) / 1000)
	}
}

// RoomUntil shows until when whatever is issued finds a place in a table. A nil receiver shows nothing.
func (m *Metrics) RoomUntil(table string, until time.Time) {
	if m != nil {
		m.house.room.WithLabelValues(table).Set(float64(until.UnixMilli()) / 1000)
	}
}
