package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"github.com/vidocu/usher/test/harness"
)

// check is a run against a cluster.
type check struct {
	url, kubectl, namespace string
	callers                 int

	out io.Writer
	d   *harness.Deployment
}

// settled is how long the load goes on after a replacement, so that what it broke is noticed while it is the last thing done.
const settled = 5 * time.Second

// run walks the documented flow once, then replaces everything under load. It fails unless every request had its answer.
func (c *check) run(ctx context.Context, out io.Writer) error {
	c.out, c.d = out, harness.Remote(c.url)
	if err := c.documented(); err != nil {
		return fmt.Errorf("the documented flow: %w", err)
	}
	fmt.Fprintln(out, "the documented flow passes: sign-in, consent, code, tokens, introspection, refresh, revocation")
	l := newLoad(c.d)
	l.start(ctx, c.callers)
	err := c.replaceAll(ctx, l)
	l.end()
	l.print(out)
	if lost := l.lost(); lost > 0 {
		err = errors.Join(err, fmt.Errorf("%d operations were lost", lost))
	}
	return err
}

// documented is the flow of the documents, once, with what they say at its end.
func (c *check) documented() error {
	tokens, err := c.d.Issue(c.d.NewBrowser(), harness.Request{})
	if err != nil {
		return err
	}
	if err := c.wantActive(tokens.Access, true); err != nil {
		return err
	}
	a, err := c.d.Refresh(tokens.Refresh)
	if err != nil || a.Status != http.StatusOK {
		return fmt.Errorf("refreshing: %d %s: %w", a.Status, a.Raw, err)
	}
	access := a.Text("access_token")
	a, err = c.d.JSON("/oauth/revoke", map[string]any{"token": access})
	if err != nil || a.Status != http.StatusOK {
		return fmt.Errorf("revoking: %d %s: %w", a.Status, a.Raw, err)
	}
	return c.wantActive(access, false)
}

func (c *check) wantActive(token string, want bool) error {
	active, err := c.d.Active(token)
	if err == nil && active != want {
		err = fmt.Errorf("active is %v, want %v", active, want)
	}
	return err
}

// replaceAll restarts every Deployment, then deletes a pod of each.
func (c *check) replaceAll(ctx context.Context, l *load) error {
	if err := c.pause(ctx, l, "nothing"); err != nil {
		return err
	}
	services := []string{"identity", "authz", "token", "consent", "gateway"}
	for _, service := range services {
		l.enter("rollout restart " + service)
		if err := c.cmd(ctx, "rollout", "restart", "deployment/"+service); err != nil {
			return err
		}
		if err := c.cmd(ctx, "rollout", "status", "--timeout=600s", "deployment/"+service); err != nil {
			return err
		}
	}
	for _, service := range services {
		l.enter("delete a pod of " + service)
		pods, err := c.output(ctx, "get", "pods", "-l", "app.kubernetes.io/name="+service, "-o", "name")
		if err != nil || len(pods) == 0 {
			return fmt.Errorf("no pod of %s: %w", service, err)
		}
		if err := c.cmd(ctx, "delete", pods[0]); err != nil {
			return err
		}
		if err := c.cmd(ctx, "rollout", "status", "--timeout=600s", "deployment/"+service); err != nil {
			return err
		}
	}
	return c.pause(ctx, l, "nothing again")
}

func (c *check) pause(ctx context.Context, l *load, phase string) error {
	l.enter(phase)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(settled):
		return nil
	}
}

func (c *check) cmd(ctx context.Context, args ...string) error {
	_, err := c.output(ctx, args...)
	return err
}

// output runs kubectl and answers its lines.
func (c *check) output(ctx context.Context, args ...string) ([]string, error) {
	out, err := exec.CommandContext(ctx, c.kubectl, append([]string{"-n", c.namespace}, args...)...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return strings.Fields(string(out)), nil
}
