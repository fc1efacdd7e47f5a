package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

// options are the command line's flags.
type options struct {
	kubectl     string
	usher       string
	definitions string
}

func main() {
	var o options
	flag.StringVar(&o.kubectl, "kubectl", "bin/kube/kubectl", "the kubectl to use")
	flag.StringVar(&o.usher, "usher", "bin/usher", "the command line to administer with")
	flag.StringVar(&o.definitions, "definitions", "", "files that define the custom resources, with spaces between")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "k8s:", err)
		os.Exit(1)
	}
}

// run runs all steps and prints a line for each.
func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "usher-k8s-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	e := &env{cluster: cluster{bin: o.kubectl, namespace: "usher-dev"}, usher: o.usher, dir: dir}
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"the namespace and the custom resources' definitions", func(ctx context.Context) error {
			return e.prepare(ctx, strings.Fields(o.definitions))
		}},
		{"databases and roles, and the Secrets of the stores", e.stores},
		{"kubectl apply -k deploy/k8s/overlays/dev/migrate, wait for the Job", e.migrate},
		{"kubectl apply -k deploy/k8s/overlays/dev", e.apply},
		{"certificates, signed as the Certificates ask", e.certificates},
		{"two replicas of every Deployment are available", e.rolledOut},
		{"people, a workspace and apps with the command line, as the operator", e.createUsers},
		{"usher doctor finds nothing wrong", e.doctor},
		{"the documented flow, once, through the gateway's Service", e.flowOnce},
	} {
		started := time.Now()
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		fmt.Printf("%5.1f s  %s\n", time.Since(started).Seconds(), step.name)
	}
	return e.disruptUnderLoad(ctx)
}
