package rpc

import (
	"context"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/services/authz/internal/document"
	"github.com/vidocu/usher/services/authz/internal/flow"
)

// Devices serves the authorization of devices.
type Devices struct {
	authzv1.UnsafeDeviceServiceServer

	// Clients authenticates the client of a device.
	Clients *Clients
	Flow    flow.Flow
}

// StartDeviceAuthorization stores the request of a device. It needs no DPoP proof, and records none.
func (s *Devices) StartDeviceAuthorization(
	ctx context.Context, req *authzv1.StartDeviceAuthorizationRequest,
) (*authzv1.StartDeviceAuthorizationResponse, error) {
	registered, err := s.Clients.validateCredentials(ctx, req.GetClient())
	if err != nil {
		return nil, toStatus(err)
	}
	source := req.GetClient().GetSourceAddress()
	started, err := s.Flow.StartDevice(document.WithSource(ctx, source), flow.DeviceRequest{
		ClientID: registered.ID, Scope: req.GetScope(), Resources: req.GetResources(), Source: source,
	})
	if err != nil {
		return nil, toStatus(err)
	}
	return &authzv1.StartDeviceAuthorizationResponse{
		DeviceCode: started.DeviceCode.Reveal(), UserCode: started.UserCode.Reveal(),
		ExpiresIn: int32(started.Lifetime / time.Second), Interval: int32(started.Interval / time.Second),
	}, nil
}

// ClaimDeviceAuthorization binds the request of a user code to the browser.
func (s *Devices) ClaimDeviceAuthorization(
	ctx context.Context, req *authzv1.ClaimDeviceAuthorizationRequest,
) (*authzv1.ClaimDeviceAuthorizationResponse, error) {
	from := browser(req)
	from.Source = req.GetSourceAddress()
	step, err := s.Flow.ClaimDevice(ctx, req.GetUserCode(), from)
	if err != nil {
		return nil, toStatus(err)
	}
	return &authzv1.ClaimDeviceAuthorizationResponse{Step: wire(step)}, nil
}
