package admin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/secret"
)

// RegistrationTokens is `usher registration-tokens`.
type RegistrationTokens struct {
	Create createRegistrationToken `cmd:"" help:"Create a token with which clients register themselves (RFC 7591 §3); it is printed only once."`
	List   command[struct{}]       `cmd:"" help:"List the tokens that can still be used, newest first."`
	Revoke revokeRegistrationToken `cmd:"" help:"Revoke a token; clients that registered with it stay."`
}

type createRegistrationToken struct {
	Name     string         `arg:"" help:"Its purpose."`
	Scopes   []string       `name:"scope" help:"Scopes that its clients may request, instead of those of authz.dcr_scopes; repeat the flag, or separate them with commas." placeholder:"SCOPE"`
	Uses     int32          `default:"1" help:"How many clients can register with it, 1 to 10,000."`
	Lifetime *time.Duration `help:"How long it is valid, in whole seconds, a year at most; 24h unless given." placeholder:"DURATION"`
}

// Validate is called by kong.
func (c createRegistrationToken) Validate() error {
	if c.Uses < 1 || c.Uses > secret.MaxInitialTokenUses { // the contract takes 0 for the default
		return fmt.Errorf("--uses must be from 1 to %d", secret.MaxInitialTokenUses)
	}
	return validateLifetime(c.Lifetime, secret.MaxInitialTokenLifetime)
}

// Run creates a token.
func (c createRegistrationToken) Run(ctx context.Context, s *Session) error {
	res, err := s.registrations().CreateInitialAccessToken(ctx, &authzv1.CreateInitialAccessTokenRequest{
		Name: c.Name, Scopes: c.Scopes, Uses: c.Uses, LifetimeSeconds: lifetimeSeconds(c.Lifetime),
	})
	if err != nil {
		return err
	}
	return s.reveal(res, res.GetToken(), fmt.Sprintf("Initial access token %s, for %d registrations.",
		res.GetInitialAccessToken().GetId(), res.GetInitialAccessToken().GetUsesLeft()))
}

func listRegistrationTokens(ctx context.Context, s *Session, _ struct{}) error {
	return call(ctx, s.registrations().ListInitialAccessTokens, &authzv1.ListInitialAccessTokensRequest{}, rows(s, registrationTokenRows))
}

func registrationTokenRows(res *authzv1.ListInitialAccessTokensResponse) table.Rows {
	t := table.Rows{{"TOKEN", "NAME", "SCOPES", "USES LEFT", "CREATED", "EXPIRES"}}
	for _, k := range res.GetInitialAccessTokens() {
		t.Add(k.GetId(), k.GetName(), orNone(strings.Join(k.GetScopes(), " ")), fmt.Sprint(k.GetUsesLeft()), timestamp(k.GetCreateTime()),
			timestamp(k.GetExpireTime()))
	}
	return t
}

type revokeRegistrationToken struct {
	Token string `arg:"" help:"The token's identifier, iat_…, which is not a secret."`
	confirmation
}

// Run revokes a token.
func (c revokeRegistrationToken) Run(ctx context.Context, s *Session) error {
	return c.confirmed(ctx, s, uncounted("the registration of further clients with "+c.Token), func() error {
		return call(ctx, s.registrations().RevokeInitialAccessToken, &authzv1.RevokeInitialAccessTokenRequest{Id: c.Token},
			s.line("%s is revoked; clients that registered with it stay", c.Token))
	})
}
