package rpc

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/services/consent/internal/connectedapp"
)

// Token is what consent asks the token service about pairs of a user and an app. It is decision.Epochs,
// decision.Codes and connectedapp.Connections.
type Token struct{ Grants tokenv1.GrantServiceClient }

// Epoch reads how often a pair was revoked.
func (t Token) Epoch(ctx context.Context, userID, clientID string) (int64, error) {
	res, err := t.Grants.GetPairEpoch(ctx, &tokenv1.GetPairEpochRequest{UserId: userID, ClientId: clientID})
	if err != nil {
		return 0, fmt.Errorf("reading the pair's epoch: %w", err)
	}
	return res.GetEpoch(), nil
}

// Redeemed reports whether a code was redeemed. Release 0.1, which may answer during an upgrade, cannot tell: then it counts as
// redeemed, since a code that is led to once too often costs more than one that is not.
func (t Token) Redeemed(ctx context.Context, hash []byte) (bool, error) {
	res, err := t.Grants.GetCodeUse(ctx, &tokenv1.GetCodeUseRequest{CodeHash: hash})
	if status.Code(err) == codes.Unimplemented {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading the use of a code: %w", err)
	}
	return res.GetRedeemed(), nil
}

// Connections lists a user's pairs.
func (t Token) Connections(ctx context.Context, userID string) ([]connectedapp.Connection, error) {
	res, err := t.Grants.ListConnections(ctx, &tokenv1.ListConnectionsRequest{UserId: userID})
	if err != nil {
		return nil, fmt.Errorf("listing the connections: %w", err)
	}
	list := make([]connectedapp.Connection, len(res.GetConnections()))
	for i, c := range res.GetConnections() {
		list[i] = connectedapp.Connection{ClientID: c.GetClientId(), Epoch: c.GetEpoch(), Lenient: c.GetLenientRaises()}
		if used := c.GetLastUseTime(); used != nil {
			list[i].LastUsed = used.AsTime()
		}
	}
	return list, nil
}

// EndConnection ends everything of a pair.
func (t Token) EndConnection(ctx context.Context, p connectedapp.Pair) error {
	_, err := t.Grants.EndConnection(ctx, &tokenv1.EndConnectionRequest{UserId: p.UserID, ClientId: p.ClientID})
	if err != nil {
		return fmt.Errorf("ending the connection: %w", err)
	}
	return nil
}
