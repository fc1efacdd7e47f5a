package page

import "time"

// HourChart are the requests of a client by the hour.
type HourChart struct {
	Hours []Hour
	// Partial says that there were more.
	Partial bool
}

// Hour is one bar of a HourChart.
type Hour struct {
	// From is the beginning of the hour, in the zone of the reader.
	From             time.Time
	Granted, Refused int64
}

// Granted returns how many requests were granted.
func (c HourChart) Granted() (sum int64) {
	for _, h := range c.Hours {
		sum += h.Granted
	}
	return sum
}

// Refused returns how many requests were refused.
func (c HourChart) Refused() (sum int64) {
	for _, h := range c.Hours {
		sum += h.Refused
	}
	return sum
}

// Most returns the hour in which most requests were refused.
func (c HourChart) Most() (most Hour) {
	for _, h := range c.Hours {
		if h.Refused > most.Refused {
			most = h
		}
	}
	return most
}

// The size of the chart, in its own units: each bar has a width of barStep with the space beside it.
const (
	chartHeight = 48
	barStep     = 10
)

// Bar is an Hour as two rectangles above each other, in the units of the chart.
type Bar struct {
	Hour

	X                            int
	GrantedTop, GrantedHeight    int
	RefusedTop, RefusedBarHeight int
}

// Bars returns the bars. A number above zero has a height of at least 2, so that it is seen beside
// a large one.
func (c HourChart) Bars() []Bar {
	var most int64 = 1
	for _, h := range c.Hours {
		most = max(most, h.Granted+h.Refused)
	}
	height := func(n int64) int {
		if n == 0 {
			return 0
		}
		return max(2, int(float64(n)/float64(most)*(chartHeight-4)))
	}
	bars := make([]Bar, len(c.Hours))
	for i, h := range c.Hours {
		granted, refused := height(h.Granted), height(h.Refused)
		bars[i] = Bar{
			Hour: h, X: i * barStep, GrantedTop: chartHeight - granted, GrantedHeight: granted,
			RefusedTop: chartHeight - granted - refused, RefusedBarHeight: refused,
		}
	}
	return bars
}
