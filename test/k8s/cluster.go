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

// deployments lists the overlay's Deployments; a service comes after those that it calls.
func deployments() []string {
	return []string{"identity", "authz", "token", "consent", "activity", "gateway"}
}

// cluster is one namespace, accessed with kubectl.
type cluster struct{ bin, namespace string }

// do runs kubectl and returns its output.
func (c cluster) do(ctx context.Context, args ...string) (string, error) {
	return c.doWithInput(ctx, nil, args...)
}

// doWithInput is do with standard input.
func (c cluster) doWithInput(ctx context.Context, input []byte, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.bin, append([]string{"--namespace", c.namespace}, args...)...)
	var out, complaint bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, &complaint
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("kubectl %s: %w\n%s", strings.Join(args, " "), err, complaint.String())
	}
	return out.String(), nil
}

// get reads objects as JSON.
func (c cluster) get(ctx context.Context, into any, args ...string) error {
	out, err := c.do(ctx, append([]string{"get", "--output", "json"}, args...)...)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(out), into)
}

// pods returns the names of a Deployment's pods, terminating ones too.
func (c cluster) pods(ctx context.Context, deployment string) ([]string, error) {
	out, err := c.do(ctx, "get", "pods", "--selector", "app.kubernetes.io/name="+deployment, "--output", "name")
	return strings.Fields(out), err
}

// waitForRollout waits until a Deployment has two available replicas of the newest revision and no
// other pod.
func (c cluster) waitForRollout(ctx context.Context, deployment string) error {
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
