package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/vidocu/usher/test/harness"
)

// The deployment under test and its public address.
const (
	overlay   = "deploy/k8s/overlays/dev"
	publicURL = "https://login.example.com"
)

// env is the cluster with what was added to it.
type env struct {
	cluster

	usher string
	dir   string
	// databases maps each service to the URL of its own role.
	databases map[string]string
	client    oauthClient
	api       oauthClient
	// public is the gateway's Service.
	public *harness.Deployment
	tally  *tally
}

// prepare creates the namespace and the custom resource definitions.
func (e *env) prepare(ctx context.Context, definitions []string) error {
	for _, file := range definitions {
		if _, err := e.do(ctx, "create", "--filename", file); err != nil {
			return err
		}
	}
	if _, err := e.do(ctx, "wait", "--for=condition=Established", "--timeout=2m", "crd", "--all"); err != nil {
		return err
	}
	_, err := e.do(ctx, "apply", "--filename", overlay+"/namespace.yaml")
	return err
}

// migrate runs the schema migrations, as docs/kubernetes.md describes.
func (e *env) migrate(ctx context.Context) error {
	if _, err := e.do(ctx, "apply", "--kustomize", overlay+"/migrate"); err != nil {
		return err
	}
	if _, err := e.do(ctx, "wait", "--for=condition=complete", "--timeout=10m", "job/migrate-dev"); err != nil {
		log, _ := e.do(ctx, "logs", "job/migrate-dev")
		return fmt.Errorf("%w\n%s", err, log)
	}
	return nil
}

func (e *env) apply(ctx context.Context) error {
	_, err := e.do(ctx, "apply", "--kustomize", overlay)
	return err
}

// rolledOut waits for every Deployment, and finds the gateway's address.
func (e *env) rolledOut(ctx context.Context) error {
	for _, name := range deployments() {
		if err := e.waitForRollout(ctx, name); err != nil {
			return err
		}
	}
	address, err := e.do(ctx, "get", "service", "gateway", "--output", "jsonpath={.spec.clusterIP}:{.spec.ports[0].port}")
	if err != nil {
		return err
	}
	e.tally = newTally(address)
	e.public = harness.RemoteWithClient(publicURL, e.tally.client())
	return nil
}

// secret creates a Secret from files, as docs/kubernetes.md describes.
func (e *env) secret(ctx context.Context, name string, files map[string]string) error {
	args := []string{"create", "secret", "generic", name}
	for key, content := range files {
		path := filepath.Join(e.dir, name+"-"+key)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return err
		}
		args = append(args, "--from-file="+key+"="+path)
	}
	_, err := e.do(ctx, args...)
	return err
}
