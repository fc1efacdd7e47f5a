package convert

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// ConnectionToProto returns the message of a connection.
func ConnectionToProto(c oauth.Connection) *tokenv1.Connection {
	m := &tokenv1.Connection{ClientId: c.ClientID, Epoch: c.Epoch, LenientRaises: c.Lenient, DescriptionDigest: c.DescriptionDigest}
	if !c.LastUsed.IsZero() {
		m.LastUseTime = timestamppb.New(c.LastUsed)
	}
	return m
}

// ConnectionFromProto returns the connection of a message.
func ConnectionFromProto(m *tokenv1.Connection) oauth.Connection {
	c := oauth.Connection{ClientID: m.GetClientId(), Epoch: m.GetEpoch(), Lenient: m.GetLenientRaises(), DescriptionDigest: m.GetDescriptionDigest()}
	if used := m.GetLastUseTime(); used != nil {
		c.LastUsed = used.AsTime()
	}
	return c
}
