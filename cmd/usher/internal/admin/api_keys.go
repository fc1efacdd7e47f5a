package admin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/secret"
)

// APIKeys is `usher api-keys`.
type APIKeys struct {
	Create createKey              `cmd:"" help:"Create an API key for a workspace; it is printed only once."`
	List   command[workspaceList] `cmd:"" help:"List a workspace's API keys, newest first, revoked ones too."`
	Rotate rotateKey              `cmd:"" help:"Replace an API key by a new one with the same limits; the old one ends after the overlap."`
	Revoke revokeKey              `cmd:"" help:"Revoke an API key: it is refused everywhere when the command returns."`
}

type createKey struct {
	Workspace string         `arg:"" help:"The workspace, ws_…, that it gives access to."`
	Name      string         `help:"A name for it." required:""`
	Scope     []string       `help:"Restrict it to these scopes, separated by commas." placeholder:"SCOPE"`
	Address   []string       `help:"Restrict it to these addresses and networks, such as 203.0.113.0/24." placeholder:"NETWORK"`
	Lifetime  *time.Duration `help:"How long it is valid, in whole seconds, such as 2160h; it does not expire unless given." placeholder:"DURATION"`
}

// Validate is called by kong.
func (c createKey) Validate() error { return validateLifetime(c.Lifetime, secret.MaxKeyLifetime) }

// Run creates a key.
func (c createKey) Run(ctx context.Context, s *Session) error {
	res, err := s.workspaceKeys().CreateWorkspaceKey(ctx, &tokenv1.CreateWorkspaceKeyRequest{
		WorkspaceId: c.Workspace, Name: c.Name, Scopes: c.Scope, AllowedAddresses: c.Address, LifetimeSeconds: lifetimeSeconds(c.Lifetime),
	})
	if err != nil {
		return err
	}
	return s.reveal(res, res.GetKey(), fmt.Sprintf("API key %s of workspace %s.", res.GetApiKey().GetKeyId(), res.GetApiKey().GetWorkspaceId()))
}

func listKeys(ctx context.Context, s *Session, c workspaceList) error {
	return call(ctx, allPages(s, c.Limit, s.workspaceKeys().ListWorkspaceKeys), &tokenv1.ListWorkspaceKeysRequest{WorkspaceId: c.Workspace},
		rows(s, keyRows))
}

func keyRows(res *tokenv1.ListWorkspaceKeysResponse) table.Rows {
	t := table.Rows{{"KEY", "NAME", "BEGINS AND ENDS", "CREATED BY", "CREATED", "LAST USED", "SCOPES", "ADDRESSES", "EXPIRES", "REVOKED"}}
	for _, k := range res.GetApiKeys() {
		t.Add(k.GetKeyId(), k.GetName(), k.GetPrefix()+"…"+k.GetLastFour(), orNone(k.GetCreatorUserId()), timestamp(k.GetCreateTime()),
			timestamp(k.GetLastUseTime()), orNone(strings.Join(k.GetScopes(), " ")), orNone(strings.Join(k.GetAllowedAddresses(), " ")),
			timestamp(k.GetExpireTime()), timestamp(k.GetRevokeTime()))
	}
	return t
}

type rotateKey struct {
	Workspace string `arg:"" help:"The workspace, ws_…."`
	Key       string `arg:"" help:"The key's identifier, key_…."`
	overlap
}

// Run replaces a key.
func (c rotateKey) Run(ctx context.Context, s *Session) error {
	res, err := s.workspaceKeys().RotateWorkspaceKey(ctx, &tokenv1.RotateWorkspaceKeyRequest{
		WorkspaceId: c.Workspace, KeyId: c.Key, OverlapSeconds: c.seconds(),
	})
	if err != nil {
		return err
	}
	end := "has ended"
	if res.GetReplaced().GetLive() {
		end = "ends at " + timestamp(res.GetReplaced().GetExpireTime())
	}
	return s.reveal(res, res.GetKey(), fmt.Sprintf("API key %s replaces %s, which %s.", res.GetApiKey().GetKeyId(), c.Key, end))
}

type revokeKey struct {
	Key string `arg:"" help:"The key's identifier, key_…, which is not a secret."`
	confirmation
}

// Run revokes a key.
func (c revokeKey) Run(ctx context.Context, s *Session) error {
	return c.confirmed(ctx, s, uncounted("the access of every program that uses "+c.Key), func() error {
		return call(ctx, tokenv1.NewApiKeyServiceClient(remote{s, "token"}).RevokeApiKey, &tokenv1.RevokeApiKeyRequest{KeyId: c.Key}, s.line("%s is revoked", c.Key))
	})
}
