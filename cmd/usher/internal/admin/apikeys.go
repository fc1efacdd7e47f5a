package admin

import (
	"context"
	"fmt"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// APIKeys is `usher api-keys`.
type APIKeys struct {
	Create createKey `cmd:"" help:"Draw an API key for a workspace; it is printed once."`
	List   listKeys  `cmd:"" help:"List a workspace's API keys, newest first, revoked ones too."`
	Revoke revokeKey `cmd:"" help:"End an API key everywhere at once."`
}

type createKey struct {
	Workspace string `arg:"" help:"The workspace, ws_…, that it opens."`
	Name      string `help:"What to call it." required:""`
}

// Run draws a key.
func (c createKey) Run(ctx context.Context, s *Session) error {
	client, err := s.apiKeys()
	if err != nil {
		return err
	}
	res, err := client.CreateApiKey(ctx, &tokenv1.CreateApiKeyRequest{WorkspaceId: c.Workspace, Name: c.Name})
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
	client, err := s.apiKeys()
	if err != nil {
		return err
	}
	res, err := client.ListApiKeys(ctx, &tokenv1.ListApiKeysRequest{WorkspaceId: c.Workspace})
	if err != nil {
		return err
	}
	t := table{{"KEY", "NAME", "LOOKS LIKE", "CREATED", "LAST USED", "REVOKED"}}
	for _, k := range res.GetApiKeys() {
		t.add(k.GetKeyId(), k.GetName(), k.GetPrefix()+"…"+k.GetLastFour(), when(k.GetCreateTime()), when(k.GetLastUseTime()), when(k.GetRevokeTime()))
	}
	return s.print(res, t)
}

type revokeKey struct {
	Key string `arg:"" help:"The key's identifier, key_…, which is no secret."`
}

// Run revokes a key.
func (c revokeKey) Run(ctx context.Context, s *Session) error {
	client, err := s.apiKeys()
	if err != nil {
		return err
	}
	res, err := client.RevokeApiKey(ctx, &tokenv1.RevokeApiKeyRequest{KeyId: c.Key})
	if err != nil {
		return err
	}
	return s.done(res, "%s is revoked", c.Key)
}
