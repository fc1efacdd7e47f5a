package refusal

import (
	"context"

	"google.golang.org/grpc"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
)

// Conn is a connection to a service that records the refusals of its calls in the request's
// context, so that no handler has to.
type Conn struct{ grpc.ClientConnInterface }

// Invoke is grpc.ClientConnInterface.
func (c Conn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	err := c.ClientConnInterface.Invoke(ctx, method, args, reply, opts...)
	if err != nil {
		NoteError(ctx, err)
		return err
	}
	// A refused authorization request is not an error of the call: the response is an error page or
	// a redirect.
	if res, ok := reply.(interface{ GetStep() *authzv1.Step }); ok && res.GetStep().GetRefusal() != nil {
		refused := res.GetStep().GetRefusal()
		Note(ctx, Refusal{
			Cause: refused.GetCause(), ClientID: refused.GetClientId(), LoggedAs: refused.GetLoggedAs(),
		}.Expecting(refused.GetExpectedParameter(), refused.GetExpected()))
	}
	return nil
}
