package admin

import (
	"errors"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// held is a secret as a service tells of it.
type held interface {
	GetLastFour() string
	GetExpireTime() *timestamppb.Timestamp
}

// secretsOf tells secrets by their last characters, newest first, with the end of those that end.
func secretsOf[S held](secrets []S) string {
	var texts []string
	for _, secret := range secrets {
		text := "…" + secret.GetLastFour()
		if secret.GetExpireTime() != nil {
			text += " until " + when(secret.GetExpireTime())
		}
		texts = append(texts, text)
	}
	return orNone(strings.Join(texts, ", "))
}

// maxOverlap is the contract's.
const maxOverlap = 30 * 24 * time.Hour

// overlap is the flag of commands that replace a secret.
type overlap struct {
	Overlap time.Duration `help:"How long the secret before stays valid, in whole seconds; 0s ends it at once, at most 720h." default:"24h"`
}

// Validate is kong's.
func (o overlap) Validate() error {
	if o.Overlap < 0 || o.Overlap > maxOverlap || o.Overlap%time.Second != 0 {
		return errors.New("--overlap must be whole seconds from 0s to 720h")
	}
	return nil
}

func (o overlap) seconds() int64 { return int64(o.Overlap / time.Second) }

// before says what becomes of the secret before.
func (o overlap) before() string {
	if o.Overlap > 0 {
		return "stays valid for " + o.Overlap.String()
	}
	return "has ended"
}
