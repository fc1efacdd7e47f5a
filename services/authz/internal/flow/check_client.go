package flow

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/document"
)

// checkClient finds the client. A string that is no client identifier is refused without a lookup.
func checkClient(ctx context.Context, f Flow, a *request) error {
	id := a.value("client_id")
	switch {
	case a.repeated("client_id"):
		return pageWith(cause.ParameterRepeated, "The app sent the parameter client_id more than once.").of("client_id")
	case id == "":
		return pageWith(cause.ParameterMissing, "The app did not say who it is: the parameter client_id is missing.").of("client_id")
	case !client.ValidID(id) && !client.IsDocument(id):
		return unknownClient(cause.ClientUnknown)
	}
	found, err := f.Clients.Find(ctx, id)
	var failed *document.Failure
	switch {
	case errors.As(err, &failed):
		return documentRefusal(failed)
	case errors.Is(err, client.ErrUnknown):
		return unknownClient(cause.ClientUnknown)
	case err != nil:
		return fmt.Errorf("finding the client: %w", err)
	}
	a.client, a.ClientID, a.ClientName, a.Unverified = found, found.ID, found.Name, found.Unverified
	if found.Disabled {
		return disabledClient(found)
	}
	return nil
}

// disabledClient says that a client is disabled, and whether the operator suspended it.
func disabledClient(found client.Registration) *refusal {
	why := found.DisabledCause()
	if why == cause.ClientSuspended {
		return pageWith(why, "The app is suspended here, so that nobody can connect it. Its team can read the reason in the developer console.")
	}
	return unknownClient(why)
}

func unknownClient(why cause.Cause) *refusal {
	return pageWith(why, "The app is not registered here, or it has been disabled: the parameter client_id names none that is in use.")
}

// documentRefusal says why a client's document cannot be used. The client is not known then, so that
// there is no redirect.
func documentRefusal(f *document.Failure) *refusal {
	host := f.Host
	if host == "" {
		host = "the address in client_id"
	}
	refused := pageWith(f.Cause(), "This app describes itself at %s, and such a description is not accepted here. For its author: %s.")
	switch f.Kind {
	case document.Unreadable:
		refused.unreadable = f
		refused.text = "We could not read the app's description at %s. For its author: %s."
	case document.Invalid:
		refused.text = "The app's description at %s is wrong. For its author: %s."
	case document.NotAccepted:
	}
	refused.names, refused.temporary = []string{host, f.Detail}, f.Temporary
	return refused
}
