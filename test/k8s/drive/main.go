// Command drive is what test/k8s/e2e.sh does with a cluster: it makes the Secrets that an operator brings, and puts a load on
// the gateway's Service while everything behind it is replaced.
//
// It owns the counting. It starts nothing, and knows of Usher what stands in the documents alone.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "drive:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("give one of: secrets, check")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	switch args[0] {
	case "secrets":
		var s secrets
		flags.StringVar(&s.namespace, "namespace", "usher-dev", "where the Secrets go")
		flags.StringVar(&s.store, "store", "", "the host of PostgreSQL")
		flags.StringVar(&s.redisPassword, "redis-password", "", "the password of Redis")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		return s.print(os.Stdout)
	case "check":
		var c check
		flags.StringVar(&c.url, "url", "", "the gateway's Service")
		flags.StringVar(&c.kubectl, "kubectl", "kubectl", "the command")
		flags.StringVar(&c.namespace, "namespace", "usher-dev", "where Usher runs")
		flags.IntVar(&c.callers, "callers", 6, "how many flows, refreshes and introspections go on at once, each")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		return c.run(ctx, os.Stdout)
	}
	return fmt.Errorf("%s is not one of: secrets, check", args[0])
}
