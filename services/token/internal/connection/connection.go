// Package connection is what a user and an app have with each other: the pair, its epoch and its last use.
//
// It owns the words only. Who may list or end a connection is consent's business, and how one is ended is the store's.
package connection

import (
	"context"
	"time"
)

// Connection is one pair as token knows it.
type Connection struct {
	ClientID string
	// Epoch rises with every revocation of the pair.
	Epoch int64
	// Lenient is how many of the last raises spoiled codes in flight and no more.
	Lenient int64
	// LastUsed is zero if nothing was ever issued.
	LastUsed time.Time
}

// Store keeps pairs.
type Store interface {
	// PairEpoch reads a pair's epoch; 0 for a pair that was never revoked. From then on the pair is known.
	PairEpoch(ctx context.Context, userID, clientID string) (int64, error)
	// Connections lists the user's pairs, in no particular order.
	Connections(ctx context.Context, userID string) ([]Connection, error)
	// EndConnection raises the pair's epoch and ends everything of it before it returns.
	EndConnection(ctx context.Context, userID, clientID string) error
}
