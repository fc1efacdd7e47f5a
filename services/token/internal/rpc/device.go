package rpc

import (
	"context"
	"net/url"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/source"
)

// devicePath is the gateway's page on which users enter the code of a device.
const devicePath = "/device"

// AuthorizeDevice is RFC 8628 §3.1.
func (s *OAuth) AuthorizeDevice(ctx context.Context, req *tokenv1.AuthorizeDeviceRequest) (*tokenv1.AuthorizeDeviceResponse, error) {
	creds, err := credentials(ctx, req)
	if err != nil {
		return nil, err
	}
	if creds.IsZero() {
		return nil, oerr.Refuse(errorv1.Cause_CAUSE_CLIENT_NOT_NAMED, "client_id is required", oerr.WithField("client_id"))
	}
	client := &authzv1.AuthenticateClientRequest{SourceAddress: source.From(ctx)}
	presentCredentials(client, creds)
	started, err := s.Authz.Devices.StartDeviceAuthorization(ctx, &authzv1.StartDeviceAuthorizationRequest{
		Client: client, Scope: req.GetScope(), Resources: req.GetResource(),
	})
	if err != nil {
		return nil, toStatus(oerr.Wrap("starting a device's authorization", oerr.UnlessImplemented(err)))
	}
	page := s.Issuer + devicePath
	return &tokenv1.AuthorizeDeviceResponse{
		DeviceCode: started.GetDeviceCode(), UserCode: started.GetUserCode(),
		VerificationUri:         page,
		VerificationUriComplete: page + "?" + url.Values{"user_code": {started.GetUserCode()}}.Encode(),
		ExpiresIn:               started.GetExpiresIn(), Interval: started.GetInterval(),
	}, nil
}
