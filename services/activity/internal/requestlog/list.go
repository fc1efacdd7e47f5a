package requestlog

import (
	"context"
	"time"
)

// Filter selects rows. Empty fields select all.
type Filter struct {
	ClientID, Endpoint, Cause, RequestID string
	RefusedOnly                          bool
	// WithTolerated adds granted requests with Facts.Tolerated to RefusedOnly.
	WithTolerated bool
	// GrantedOnly leaves out what RefusedOnly selects, and the row that counts requests of every kind.
	GrantedOnly bool
	// Since is the oldest time of the last request of a row, to the day.
	Since time.Time
	// After is the last row of the previous page.
	After Place
	Limit int
}

// Place is the place of a row in the list.
type Place struct {
	LastAt int64
	// Client is nil for the start of the list.
	Client *string
	Kind   []byte
}

// Reader lists rows, the latest first.
type Reader interface {
	Requests(ctx context.Context, f Filter) ([]Row, error)
}
