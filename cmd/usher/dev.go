package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/vidocu/usher/cmd/usher/internal/admin"
	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/secret"
)

// stopLimit is how long the process may take to end after Ctrl-C.
const stopLimit = 900 * time.Millisecond

// dev serves all services until a signal.
func dev(c *cli) error {
	start := time.Now()
	config := devDefaults()
	loaded, err := run.Load("usher", config, c.File, os.Environ())
	if err != nil {
		return err
	}
	config.derive(loaded)
	if !config.Development {
		return errors.New("usher dev is for development: its passwords are public. In production run the six processes (docs/operations.md)")
	}
	config.ResourceServers = append(config.ResourceServers, exampleAPI)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP) // SIGHUP is sent when the terminal closes
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
	banner(os.Stdout, config, time.Since(start), apiKey)
	return wait(ctx, host)
}

// start serves everything. The ports are opened first: where they are taken, another Usher may run on the same data.
func (s *settings) start(ctx context.Context, host *run.Host) (apiKey secret.String, err error) {
	if err := os.MkdirAll(s.DataDir, 0o700); err != nil {
		return apiKey, fmt.Errorf("data_dir: %w", err)
	}
	for setting, addr := range map[string]string{"http_addr": s.HTTPAddr, "grpc_addr": s.GRPCAddr, "admin_addr": s.AdminAddr} {
		if err := host.Reserve(setting, addr); err != nil {
			return apiKey, err
		}
	}
	if apiKey, err = startAll(ctx, host, s); err != nil {
		return apiKey, err
	}
	debug.FreeOSMemory() // the start needs about 15 MiB that serving does not
	return apiKey, host.ServeAdmin()
}

// devDefaults are the settings of `usher dev` that are not set otherwise.
func devDefaults() *settings {
	config := defaults()
	config.DCR, config.Authz.DCRSourceLimit, config.Authz.DCRNetworkLimit = "open", 0, 0
	config.Development, config.OpenID, config.PublicURL = true, true, "http://localhost:8080"
	config.HTTPAddr, config.AdminAddr, config.GRPCAddr = "127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:9090"
	config.DataDir, config.Log.Format, config.Log.Level = admin.DefaultDataDir, "text", "info"
	config.ClientDocuments.Mode = run.DocumentsOpen
	config.Gateway.ForwardBearer = true // the example API checks the token itself
	config.Authz.DCROpenID = true       // a library that registers itself asks for an ID token
	config.Identity.AccountSignIns = 0  // tests sign the same user in again and again
	return config
}

// derive fills the settings of `usher dev` that follow from others: the public URL, and a SQLite database in
// the data folder for every service that has no database configured.
func (s *settings) derive(loaded config.Loaded) {
	if loaded.From["public_url"] == "" {
		s.PublicURL = localURL(s.HTTPAddr)
	}
	for service, url := range map[string]*secret.String{
		"identity": &s.Identity.DatabaseURL, "authz": &s.Authz.DatabaseURL,
		"token": &s.Token.DatabaseURL, "consent": &s.Consent.DatabaseURL, "activity": &s.Activity.DatabaseURL,
	} {
		if url.IsZero() {
			*url = secret.New("sqlite:" + filepath.Join(s.DataDir, service+".db"))
		}
	}
}

// localURL is the URL at which a browser on this machine reaches a listener.
func localURL(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err != nil || host == "" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// wait returns when the process has stopped. After a signal it waits for stopLimit at most, and then abandons what still runs: the
// stores survive that.
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
