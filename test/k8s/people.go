package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/test/harness"
)

// Who is brought to the cluster. None of them is of the documents' examples, with which production does not start.
const (
	workspace = "ws_cluster"
	callback  = "https://app.example.com/callback"
	persons   = 4
)

// app is a registered app and its secret.
type app struct{ id, secret string }

func email(i int) string { return fmt.Sprintf("person-%d@example.com", i) }

// administer runs the command line as the operator.
func (e *env) administer(ctx context.Context, in string, args ...string) error {
	cmd := exec.CommandContext(ctx, e.usher, args...)
	cmd.Stdin = strings.NewReader(in)
	cmd.Env = append(os.Environ(),
		"USHER_PEERS_IDENTITY=identity:9090", "USHER_PEERS_TOKEN=token:9090", "USHER_TRUST_DOMAIN=usher.internal",
		"USHER_TLS_CERT_FILE="+filepath.Join(e.dir, "tls.crt"), "USHER_TLS_KEY_FILE="+filepath.Join(e.dir, "tls.key"),
		"USHER_TLS_CA_FILE="+filepath.Join(e.dir, "ca.crt"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("usher %s: %w\n%s", strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// people creates users and a workspace that they are members of.
func (e *env) people(ctx context.Context) error {
	if err := e.administer(ctx, "", "workspaces", "create", "Cluster", "--plan", "pro", "--id", workspace); err != nil {
		return err
	}
	for i := range persons {
		if err := e.administer(ctx, harness.UserPassword+"\n", "users", "create", email(i), "--first-name", "Person", "--last-name", "Example"); err != nil {
			return err
		}
		if err := e.administer(ctx, "", "members", "add", workspace, email(i), "--role", "member"); err != nil {
			return err
		}
	}
	return nil
}

func (e *env) doctor(ctx context.Context) error { return e.administer(ctx, "", "doctor") }

// apps registers an app of the documented kind and a resource server that asks over HTTP.
func (e *env) apps(ctx context.Context) error {
	e.app = app{secret.NewID("vdo_client_"), "vdo_secret_" + secret.NewCode().Reveal()}
	e.api = app{secret.NewID("vdo_client_"), "vdo_secret_" + secret.NewCode().Reveal()}
	for _, a := range []app{e.app, e.api} {
		if err := execute(ctx, e.authzURL, `INSERT INTO clients (id, name, type, grant_types, scope, resource_server, disabled, created_at)
			VALUES ($1, 'In the cluster', 'confidential', 'authorization_code refresh_token', 'videos:read analyze:write jobs:read', $2, FALSE, 0)`,
			a.id, a == e.api); err != nil {
			return err
		}
		if err := execute(ctx, e.authzURL, `INSERT INTO client_secrets (client_id, hash, created_at) VALUES ($1, $2, 0)`,
			a.id, secret.Sum(a.secret).Bytes()); err != nil {
			return err
		}
	}
	return execute(ctx, e.authzURL, `INSERT INTO redirect_uris (client_id, uri, position) VALUES ($1, $2, 0)`, e.app.id, callback)
}
