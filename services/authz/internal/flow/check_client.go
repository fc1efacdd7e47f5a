package flow

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// checkClient finds the client. A string that is no client identifier, such as a URL, is refused
// without a lookup.
func checkClient(ctx context.Context, f Flow, a *request) error {
	id := a.value("client_id")
	switch {
	case a.repeated("client_id"):
		return pageWith(cause.ParameterRepeated, "The app sent the parameter client_id more than once.")
	case id == "":
		return pageWith(cause.ParameterMissing, "The app did not say who it is: the parameter client_id is missing.")
	case !client.ValidID(id):
		return unknownClient(cause.ClientUnknown)
	}
	found, err := f.Clients.Find(ctx, id)
	switch {
	case errors.Is(err, client.ErrUnknown):
		return unknownClient(cause.ClientUnknown)
	case err != nil:
		return fmt.Errorf("finding the client: %w", err)
	}
	a.client, a.ClientID, a.ClientName, a.Unverified = found, found.ID, found.Name, found.Unverified
	if found.Disabled {
		return unknownClient(cause.ClientDisabled)
	}
	return nil
}

func unknownClient(why cause.Cause) *refusal {
	return pageWith(why, "The app is not registered here, or it has been disabled: the parameter client_id names none that is in use.")
}
