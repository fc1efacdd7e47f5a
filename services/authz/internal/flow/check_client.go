package flow

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/services/authz/internal/client"
)

// checkClient finds the app. What cannot be a client identifier, such as a URL, is looked up nowhere.
func checkClient(ctx context.Context, f Flow, a *asked) error {
	id := a.value("client_id")
	switch {
	case a.repeated("client_id"):
		return pageWith("The app sent the parameter client_id more than once.")
	case id == "":
		return pageWith("The app did not say who it is: the parameter client_id is missing.")
	case !client.ValidID(id):
		return unknownApp()
	}
	found, err := f.Clients.Find(ctx, id)
	if errors.Is(err, client.ErrUnknown) || err == nil && found.Disabled {
		return unknownApp()
	}
	if err != nil {
		return fmt.Errorf("finding the client: %w", err)
	}
	a.client = found
	return nil
}

func unknownApp() *refusal {
	return pageWith("The app is not registered here, or it has been disabled: the parameter client_id names none that is in use.")
}
