package convert

import (
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// ConnectionToProto returns the message of a connection.
func ConnectionToProto(c oauth.Connection) *tokenv1.Connection {
	return &tokenv1.Connection{
		ClientId: c.ClientID, Epoch: c.Epoch, LenientRaises: c.Lenient, DescriptionDigest: c.DescriptionDigest, LastUseTime: TimeToProto(c.LastUsed),
	}
}

// ConnectionFromProto returns the connection of a message.
func ConnectionFromProto(m *tokenv1.Connection) oauth.Connection {
	return oauth.Connection{
		ClientID: m.GetClientId(), Epoch: m.GetEpoch(), Lenient: m.GetLenientRaises(), DescriptionDigest: m.GetDescriptionDigest(),
		LastUsed: TimeFromProto(m.GetLastUseTime()),
	}
}
