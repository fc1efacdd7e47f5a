package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/secret"
)

type devCommand struct{}

// stopLimit is how long Ctrl-C may take.
const stopLimit = 900 * time.Millisecond

// Run serves everything until a signal.
func (devCommand) Run(c *cli) error {
	begun := time.Now()
	config := defaults()
	config.Development, config.PublicURL = true, "http://localhost:8080"
	config.HTTPAddr, config.AdminAddr, config.GRPCAddr = "127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:9090"
	config.DataDir, config.Log.Format, config.Log.Level = "data", "text", "info"
	config.Gateway.ForwardBearer = true // the example API checks the token itself
	loaded, err := run.Load("usher", config, c.File, os.Environ())
	if err != nil {
		return err
	}
	if loaded.From["public_url"] == "" {
		config.PublicURL = localURL(config.HTTPAddr)
	}
	if !config.Development {
		return errors.New("usher dev is for development: everybody knows its passwords. In production run the five services (docs/operations.md)")
	}
	config.ResourceServers = append(config.ResourceServers, exampleAPI)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP) // the last when its terminal closes
	defer stop()
	run.Tune()
	host, err := run.NewAllInOne(ctx, &config.Settings, run.AllInOne{Network: inproc.NewNetwork(), Listeners: config.listeners}, os.Stderr)
	if err != nil {
		return err
	}
	apiKey, err := config.start(ctx, host)
	if err != nil {
		return host.Abandon(err)
	}
	banner(os.Stdout, config, arrival{took: time.Since(begun), apiKey: apiKey})
	return wait(ctx, host)
}

// start serves everything. The ports come first: where they are taken, another Usher may have the data.
func (s *settings) start(ctx context.Context, host *run.Host) (apiKey secret.String, err error) {
	if err := s.databaseURLs(); err != nil {
		return apiKey, err
	}
	for setting, addr := range map[string]string{"http_addr": s.HTTPAddr, "grpc_addr": s.GRPCAddr, "admin_addr": s.AdminAddr} {
		if err := host.Reserve(setting, addr); err != nil {
			return apiKey, err
		}
	}
	if apiKey, err = startAll(ctx, host, s); err != nil {
		return apiKey, err
	}
	return apiKey, host.ServeAdmin()
}

// localURL is where a browser on this machine reaches a listener.
func localURL(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err != nil || host == "" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// wait waits for the end; once it was asked for, whatever takes too long is left behind: every store survives that.
func wait(ctx context.Context, host *run.Host) error {
	done := make(chan error, 1)
	go func() { done <- host.Wait() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(stopLimit):
		return nil
	}
}

// databaseURLs puts every service's database into the data folder, unless one is configured.
func (s *settings) databaseURLs() error {
	if err := os.MkdirAll(s.DataDir, 0o700); err != nil {
		return fmt.Errorf("data_dir: %w", err)
	}
	for service, url := range map[string]*secret.String{
		"identity": &s.Identity.DatabaseURL, "authz": &s.Authz.DatabaseURL,
		"token": &s.Token.DatabaseURL, "consent": &s.Consent.DatabaseURL,
	} {
		if url.IsZero() {
			*url = secret.New("sqlite:" + filepath.Join(s.DataDir, service+".db"))
		}
	}
	return nil
}
