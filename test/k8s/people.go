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
	cmd.Stdin, cmd.Env = strings.NewReader(in), append(os.Environ(), e.settings()...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("usher %s: %w\n%s", strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// settings are the overlay's, by the names that the cluster's name server knows, with the operator's certificate.
func (e *env) settings() []string {
	all := []string{
		"USHER_PUBLIC_URL=" + publicURL, "USHER_TRUST_DOMAIN=usher.internal", "USHER_REDIS_ADDRS=redis:6379",
		"USHER_REDIS_PASSWORD=" + os.Getenv("USHER_TEST_REDIS_PASSWORD"), "USHER_TLS_CERT_FILE=" + filepath.Join(e.dir, "tls.crt"),
		"USHER_TLS_KEY_FILE=" + filepath.Join(e.dir, "tls.key"), "USHER_TLS_CA_FILE=" + filepath.Join(e.dir, "ca.crt"),
	}
	for service, at := range e.databases {
		name := strings.ToUpper(service)
		all = append(all, "USHER_PEERS_"+name+"="+service+":9090", "USHER_"+name+"_DATABASE_URL="+at)
	}
	return all
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
		if err := execute(ctx, e.databases["authz"], `INSERT INTO clients (id, name, type, grant_types, scope, resource_server, disabled, created_at)
			VALUES ($1, 'In the cluster', 'confidential', 'authorization_code refresh_token', 'videos:read analyze:write jobs:read', $2, FALSE, 0)`,
			a.id, a == e.api); err != nil {
			return err
		}
		if err := execute(ctx, e.databases["authz"], `INSERT INTO client_secrets (client_id, hash, created_at) VALUES ($1, $2, 0)`,
			a.id, secret.Sum(a.secret).Bytes()); err != nil {
			return err
		}
	}
	return execute(ctx, e.databases["authz"], `INSERT INTO redirect_uris (client_id, uri, position) VALUES ($1, $2, 0)`, e.app.id, callback)
}
