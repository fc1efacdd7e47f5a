// Package actor identifies the actor of a change in every process: the user, the operator, the client
// or the service that caused it.
//
// It owns the propagation: a call of an operator has the operator as its actor, our own services send
// the actor along with their calls, and no other caller is trusted to name one.
package actor

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/grpc/metadata"

	"github.com/vidocu/usher/internal/platform/policy"
)

// header is the metadata key of the actor in a call: the kind, a colon, the identifier.
const header = "usher-actor"

// Kind is the kind of an actor; usher.event.v1.ActorKind has the same numbers.
type Kind int32

// The kinds.
const (
	Unknown  Kind = 0
	User     Kind = 1
	Operator Kind = 2
	Client   Kind = 3
	Service  Kind = 4
)

// kinds are the names of the kinds in the metadata.
func kinds() []string { return []string{"unknown", "user", "operator", "client", "service"} }

// Actor is an actor.
type Actor struct {
	Kind Kind
	// ID identifies a user, a client or a service; empty for an operator.
	ID string
}

// OfUser returns a user as an actor.
func OfUser(id string) Actor { return Actor{Kind: User, ID: id} }

// OfAdministrator returns a user as an actor, or zero, which is the actor of the context, for an
// operator, who has no identifier.
func OfAdministrator(userID string) Actor {
	if userID == "" {
		return Actor{}
	}
	return OfUser(userID)
}

// OfClient returns a client as an actor.
func OfClient(id string) Actor { return Actor{Kind: Client, ID: id} }

// key is the type of the package's context keys.
type key int

const (
	actorKey key = iota
	withinKey
)

// With returns a context in which a is the actor.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, actorKey, a) }

// From returns the actor of ctx: the one of With, the operator, the one that a service of ours sent,
// or that service.
func From(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey).(Actor); ok {
		return a
	}
	if policy.IsOperator(ctx) {
		return Actor{Kind: Operator}
	}
	if !policy.Own(ctx) {
		return Actor{}
	}
	if sent := metadata.ValueFromIncomingContext(ctx, header); len(sent) == 1 {
		kind, id, _ := strings.Cut(sent[0], ":")
		if n := slices.Index(kinds(), kind); n > 0 {
			return Actor{Kind: Kind(n), ID: id}
		}
	}
	caller, _ := policy.CallerFrom(ctx)
	return Actor{Kind: Service, ID: caller}
}

// Within returns a context of a step of a larger change: the change has an event of the audit trail, and the
// step has none.
func Within(ctx context.Context) context.Context { return context.WithValue(ctx, withinKey, true) }

// IsWithin reports whether ctx is one of Within.
func IsWithin(ctx context.Context) bool { return ctx.Value(withinKey) != nil }

// Forward adds the actor to the outgoing metadata of ctx. A service that acts by itself is not sent:
// the receiver knows its caller.
func Forward(ctx context.Context) context.Context {
	a := From(ctx)
	if a.Kind == Unknown || a.Kind == Service {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, header, kinds()[a.Kind]+":"+a.ID)
}
