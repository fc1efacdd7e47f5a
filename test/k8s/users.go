package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/vidocu/usher/test/harness"
)

// The users and the workspace that are added to the cluster. They are not those of the fixtures,
// with which production refuses to start.
const (
	workspace = "ws_cluster"
	callback  = "https://app.example.com/callback"
	users     = 4
)

// oauthClient is a registered client and its secret.
type oauthClient struct{ id, secret string }

func email(i int) string { return fmt.Sprintf("person-%d@example.com", i) }

// administer runs the command line as the operator, and returns its output.
func (e *env) administer(ctx context.Context, input string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, e.usher, args...)
	cmd.Stdin, cmd.Env = strings.NewReader(input), append(os.Environ(), e.settings()...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("usher %s: %w\n%s%s", strings.Join(args, " "), err, out, complaint.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// settings returns the overlay's settings, with the DNS names of the cluster and the operator's
// certificate.
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

// createUsers creates users and their workspace, a confidential client, and a resource server that
// introspects over HTTP.
func (e *env) createUsers(ctx context.Context) error {
	if _, err := e.administer(ctx, "", "workspaces", "create", "Cluster", "--plan", "pro", "--id", workspace); err != nil {
		return err
	}
	for i := range users {
		input := harness.UserPassword + "\n"
		if _, err := e.administer(ctx, input, "users", "create", email(i), "--first-name", "Person", "--last-name", "Example"); err != nil {
			return err
		}
		if _, err := e.administer(ctx, "", "members", "add", workspace, email(i)); err != nil {
			return err
		}
	}
	e.client.id, e.api.id = "vdo_client_clusterapp", "vdo_client_clusterapi"
	var err error
	if e.client.secret, err = e.administer(ctx, "", "clients", "create", "App", "--id", e.client.id, "--redirect-uri", callback,
		"--scope", "videos:read,analyze:write,jobs:read"); err != nil {
		return err
	}
	e.api.secret, err = e.administer(ctx, "", "clients", "create", "API", "--id", e.api.id, "--resource-server")
	return err
}

func (e *env) doctor(ctx context.Context) error {
	_, err := e.administer(ctx, "", "doctor")
	return err
}
