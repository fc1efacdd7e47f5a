package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// deployments are what the overlay runs, what is called first.
func deployments() []string { return []string{"identity", "authz", "token", "consent", "gateway"} }

// cluster is one namespace, by way of kubectl.
type cluster struct{ bin, namespace string }

// do runs kubectl and answers what it printed.
func (c cluster) do(ctx context.Context, args ...string) (string, error) {
	return c.feed(ctx, nil, args...)
}

// feed is do with something on standard input.
func (c cluster) feed(ctx context.Context, in []byte, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.bin, append([]string{"--namespace", c.namespace}, args...)...)
	var out, complaint bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &complaint
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("kubectl %s: %w\n%s", strings.Join(args, " "), err, complaint.String())
	}
	return out.String(), nil
}

// get reads objects.
func (c cluster) get(ctx context.Context, into any, args ...string) error {
	out, err := c.do(ctx, append([]string{"get", "--output", "json"}, args...)...)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(out), into)
}

// pods answers the names of a Deployment's pods, those that are ending too.
func (c cluster) pods(ctx context.Context, deployment string) ([]string, error) {
	out, err := c.do(ctx, "get", "pods", "--selector", "app.kubernetes.io/name="+deployment, "--output", "name")
	return strings.Fields(out), err
}

// settled waits until a Deployment has two replicas of the newest kind, both available, and no other pod is left.
func (c cluster) settled(ctx context.Context, deployment string) error {
	if _, err := c.do(ctx, "rollout", "status", "--timeout=15m", "deployment/"+deployment); err != nil {
		return err
	}
	if _, err := c.do(ctx, "wait", "--timeout=10m", "--for=jsonpath={.status.availableReplicas}=2", "deployment/"+deployment); err != nil {
		return err
	}
	for {
		pods, err := c.pods(ctx, deployment)
		if err != nil || len(pods) == 2 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}
