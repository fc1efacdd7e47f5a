package rpc

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/ownership"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// Console serves the developer console.
type Console struct {
	authzv1.UnsafeConsoleServiceServer

	Console ownership.Console
}

// ListApps lists the clients of the user's workspaces.
func (s *Console) ListApps(ctx context.Context, req *authzv1.ListAppsRequest) (*authzv1.ListAppsResponse, error) {
	person, workspaces, apps, err := s.Console.List(ctx, secret.New(req.GetSessionToken()))
	if err != nil {
		return nil, toStatus(err)
	}
	slices.SortFunc(apps, func(a, b ownership.OwnedClient) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return &authzv1.ListAppsResponse{
		Session: sessionOf(person), Workspaces: convert.Each(workspaces, workspaceOf), Apps: convert.Each(apps, appOf),
	}, nil
}

// GetApp returns a client.
func (s *Console) GetApp(ctx context.Context, req *authzv1.GetAppRequest) (*authzv1.GetAppResponse, error) {
	person, app, err := s.Console.Get(ctx, secret.New(req.GetSessionToken()), req.GetClientId())
	return &authzv1.GetAppResponse{Session: sessionOf(person), App: appOf(app)}, toStatus(err)
}

func appOf(app ownership.OwnedClient) *authzv1.OwnedClient {
	res := &authzv1.OwnedClient{
		Registration: registration(app.Client), Workspace: workspaceOf(app.Workspace),
		People: int32(min(app.Users, math.MaxInt32)), MorePeople: app.MoreUsers, PeopleLimit: int32(min(app.UsersLimit, math.MaxInt32)),
	}
	for _, t := range app.Testers {
		res.Testers = append(res.Testers, &authzv1.AppTester{EmailAddress: string(t.Address), CreateTime: timestamppb.New(t.AddedAt)})
	}
	for _, uri := range app.RedirectURIs {
		if used, found := app.Uses[uri]; found {
			res.RedirectUriUses = append(res.RedirectUriUses, &authzv1.RedirectUriUse{RedirectUri: uri, LastUseTime: timestamppb.New(used)})
		}
	}
	return res
}

// CreateApp registers a client.
func (s *Console) CreateApp(ctx context.Context, req *authzv1.CreateAppRequest) (*authzv1.CreateAppResponse, error) {
	wanted := req.GetClient()
	switch {
	case wanted == nil:
		return nil, invalid("client", "is required")
	case wanted.GetClientId() != "":
		return nil, invalid("client_id", "is generated")
	case wanted.GetAllowReservedName():
		return nil, invalid("allow_reserved_name", "is set by the operator")
	}
	registered := newRegistration(wanted)
	keys, err := registry.ParseKeys(wanted.GetJwks())
	if err != nil {
		return nil, toStatus(err)
	}
	app, clear, err := s.Console.Create(ctx, secret.New(req.GetSessionToken()), req.GetWorkspaceId(), registered, keys...)
	return &authzv1.CreateAppResponse{App: appOf(app), ClientSecret: clear.Reveal()}, toStatus(err)
}

// UpdateApp changes a client.
func (s *Console) UpdateApp(ctx context.Context, req *authzv1.UpdateAppRequest) (*authzv1.UpdateAppResponse, error) {
	change, err := changeOf(req.GetChange())
	if err == nil {
		err = s.Console.Update(ctx, secret.New(req.GetSessionToken()), change)
	}
	return &authzv1.UpdateAppResponse{}, toStatus(err)
}

// SetAppLogo replaces or removes the logo of a client.
func (s *Console) SetAppLogo(ctx context.Context, req *authzv1.SetAppLogoRequest) (*authzv1.SetAppLogoResponse, error) {
	err := s.Console.SetLogo(ctx, secret.New(req.GetSessionToken()), req.GetClientId(), req.GetImage())
	return &authzv1.SetAppLogoResponse{}, toStatus(err)
}

// CreateAppSecret generates another secret.
func (s *Console) CreateAppSecret(ctx context.Context, req *authzv1.CreateAppSecretRequest) (*authzv1.CreateAppSecretResponse, error) {
	clear, err := s.Console.CreateSecret(ctx, secret.New(req.GetSessionToken()), ownership.SecretRequest{
		ClientID: req.GetClientId(), Overlap: overlap(req.GetOverlapSeconds()), Newest: req.GetNewestSecretId(), ReplaceKeys: req.GetReplaceKeys(),
	})
	return &authzv1.CreateAppSecretResponse{ClientSecret: clear.Reveal()}, toStatus(err)
}

// overlap converts a number of seconds. One beyond the bounds stays beyond them and cannot overflow.
func overlap(seconds int64) time.Duration {
	return time.Duration(min(max(seconds, -1), int64(secret.MaxOverlap/time.Second)+1)) * time.Second
}

// RemoveAppSecret ends a secret.
func (s *Console) RemoveAppSecret(ctx context.Context, req *authzv1.RemoveAppSecretRequest) (*authzv1.RemoveAppSecretResponse, error) {
	err := s.Console.RemoveSecret(ctx, secret.New(req.GetSessionToken()), req.GetClientId(), req.GetSecretId())
	return &authzv1.RemoveAppSecretResponse{}, toStatus(err)
}

// AddAppKey registers another public key.
func (s *Console) AddAppKey(ctx context.Context, req *authzv1.AddAppKeyRequest) (*authzv1.AddAppKeyResponse, error) {
	err := s.Console.AddKey(ctx, secret.New(req.GetSessionToken()), registry.NewKey{
		ClientID: req.GetKey().GetClientId(), JWK: req.GetKey().GetJwk(), Name: req.GetKey().GetName(), Lifetime: lifetime(req.GetKey().GetLifetimeSeconds()),
	})
	return &authzv1.AddAppKeyResponse{}, toStatus(err)
}

// RemoveAppKey removes a public key.
func (s *Console) RemoveAppKey(ctx context.Context, req *authzv1.RemoveAppKeyRequest) (*authzv1.RemoveAppKeyResponse, error) {
	err := s.Console.RemoveKey(ctx, secret.New(req.GetSessionToken()), req.GetClientId(), req.GetKid())
	return &authzv1.RemoveAppKeyResponse{}, toStatus(err)
}

// TestAppKeys reads the keys that a client publishes.
func (s *Console) TestAppKeys(ctx context.Context, req *authzv1.TestAppKeysRequest) (*authzv1.TestAppKeysResponse, error) {
	keys, err := s.Console.TestKeys(ctx, secret.New(req.GetSessionToken()), req.GetClientId())
	if err != nil {
		return nil, toStatus(err)
	}
	shown := &authzv1.Registration{}
	addRegisteredKeys(shown, registry.Client{Keys: keys})
	return &authzv1.TestAppKeysResponse{Keys: shown.GetKeys()}, nil
}

// AddAppRedirectUri registers another redirect URI.
func (s *Console) AddAppRedirectUri(
	ctx context.Context, req *authzv1.AddAppRedirectUriRequest,
) (*authzv1.AddAppRedirectUriResponse, error) {
	err := s.Console.AddRedirectURI(ctx, secret.New(req.GetSessionToken()), req.GetClientId(), req.GetRedirectUri())
	return &authzv1.AddAppRedirectUriResponse{}, toStatus(err)
}

// RemoveAppRedirectUri removes a redirect URI.
func (s *Console) RemoveAppRedirectUri(
	ctx context.Context, req *authzv1.RemoveAppRedirectUriRequest,
) (*authzv1.RemoveAppRedirectUriResponse, error) {
	err := s.Console.RemoveRedirectURI(ctx, secret.New(req.GetSessionToken()), req.GetClientId(), req.GetRedirectUri(), req.GetConfirmed())
	return &authzv1.RemoveAppRedirectUriResponse{}, toStatus(err)
}

// AddAppTester adds a tester.
func (s *Console) AddAppTester(ctx context.Context, req *authzv1.AddAppTesterRequest) (*authzv1.AddAppTesterResponse, error) {
	err := s.Console.AddTester(ctx, secret.New(req.GetSessionToken()), req.GetClientId(), req.GetEmailAddress())
	return &authzv1.AddAppTesterResponse{}, toStatus(err)
}

// RemoveAppTester removes a tester.
func (s *Console) RemoveAppTester(ctx context.Context, req *authzv1.RemoveAppTesterRequest) (*authzv1.RemoveAppTesterResponse, error) {
	err := s.Console.RemoveTester(ctx, secret.New(req.GetSessionToken()), req.GetClientId(), req.GetEmailAddress())
	return &authzv1.RemoveAppTesterResponse{}, toStatus(err)
}

// SubmitApp asks for a review, or withdraws that.
func (s *Console) SubmitApp(ctx context.Context, req *authzv1.SubmitAppRequest) (*authzv1.SubmitAppResponse, error) {
	err := s.Console.Submit(ctx, secret.New(req.GetSessionToken()), req.GetClientId(), req.GetWithdraw())
	return &authzv1.SubmitAppResponse{}, toStatus(err)
}
