package admin

import (
	"errors"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/vidocu/usher/internal/platform/secret"
)

// listedSecret is a secret as a list shows it.
type listedSecret interface {
	GetLastFour() string
	GetExpireTime() *timestamppb.Timestamp
}

// secretsOf writes secrets by their last characters, newest first, with the time at which they expire.
func secretsOf[S listedSecret](secrets []S) string {
	var texts []string
	for _, secret := range secrets {
		text := "…" + secret.GetLastFour()
		if secret.GetExpireTime() != nil {
			text += " until " + timestamp(secret.GetExpireTime())
		}
		texts = append(texts, text)
	}
	return orNone(strings.Join(texts, ", "))
}

// overlap is the flag of commands that rotate a secret.
type overlap struct {
	Overlap time.Duration `help:"How long the previous one stays valid, in whole seconds; 0s revokes it at once, at most 720h." default:"24h"`
}

// Validate is called by kong.
func (o overlap) Validate() error {
	if o.Overlap < 0 || o.Overlap > secret.MaxOverlap || o.Overlap%time.Second != 0 {
		return errors.New("--overlap must be whole seconds from 0s to 720h")
	}
	return nil
}

func (o overlap) seconds() int64 { return int64(o.Overlap / time.Second) }

// previous says how long the previous secret is valid.
func (o overlap) previous() string {
	if o.Overlap > 0 {
		return "stays valid for " + o.Overlap.String()
	}
	return "is revoked"
}
