package admin

import (
	"context"
	"fmt"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// APIKeys is `usher api-keys`.
type APIKeys struct {
	Create createKey `cmd:"" help:"Create an API key for a workspace; it is printed only once."`
	List   listKeys  `cmd:"" help:"List a workspace's API keys, newest first, revoked ones too."`
	Revoke revokeKey `cmd:"" help:"Revoke an API key: it is refused everywhere when the command returns."`
}

type createKey struct {
	Workspace string `arg:"" help:"The workspace, ws_…, that it gives access to."`
	Name      string `help:"A name for it." required:""`
}

// Run creates a key.
func (c createKey) Run(ctx context.Context, s *Session) error {
	res, err := s.apiKeys().CreateApiKey(ctx, &tokenv1.CreateApiKeyRequest{WorkspaceId: c.Workspace, Name: c.Name})
	if err != nil {
		return err
	}
	return s.reveal(res, res.GetKey(), fmt.Sprintf("API key %s of workspace %s.", res.GetApiKey().GetKeyId(), res.GetApiKey().GetWorkspaceId()))
}

type listKeys struct {
	Workspace string `arg:"" help:"The workspace, ws_…."`
}

// Run lists keys.
func (c listKeys) Run(ctx context.Context, s *Session) error {
	return call(ctx, s.apiKeys().ListApiKeys, &tokenv1.ListApiKeysRequest{WorkspaceId: c.Workspace}, rows(s, keyRows))
}

func keyRows(res *tokenv1.ListApiKeysResponse) table.Rows {
	t := table.Rows{{"KEY", "NAME", "BEGINS AND ENDS", "CREATED", "LAST USED", "REVOKED"}}
	for _, k := range res.GetApiKeys() {
		t.Add(k.GetKeyId(), k.GetName(), k.GetPrefix()+"…"+k.GetLastFour(), timestamp(k.GetCreateTime()), timestamp(k.GetLastUseTime()),
			timestamp(k.GetRevokeTime()))
	}
	return t
}

type revokeKey struct {
	Key string `arg:"" help:"The key's identifier, key_…, which is not a secret."`
	confirmation
}

// Run revokes a key.
func (c revokeKey) Run(ctx context.Context, s *Session) error {
	return c.confirmed(ctx, s, keyImpact(c.Key), func() error {
		return call(ctx, s.apiKeys().RevokeApiKey, &tokenv1.RevokeApiKeyRequest{KeyId: c.Key}, s.line("%s is revoked", c.Key))
	})
}
