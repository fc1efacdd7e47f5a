package crash

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/test/harness"
)

// bench is separate processes, where token connects to its database through a proxy that can cut the
// connections.
type bench struct {
	deployment *harness.Deployment
	way        *harness.TCPProxy
	db         *sqldb.DB
	browser    *harness.Browser
	// serviceSecret is the secret of serviceID.
	serviceSecret string
	// spread is longer than an undisturbed operation takes: the fault occurs at a random moment
	// within it.
	spread time.Duration
}

func newBench(ctx context.Context, dir string) (*bench, error) {
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		return nil, err
	}
	bins, err := harness.Build(bin)
	if err != nil {
		return nil, err
	}
	servers, err := harness.NewServers(ctx)
	if err != nil {
		return nil, err
	}
	b := &bench{}
	if b.db, err = sqldb.Open(ctx, sqldb.Config{URL: secret.New(servers.Databases["token"]), MaxConns: 1}); err != nil {
		return nil, err
	}
	u, err := url.Parse(servers.Databases["token"])
	if err != nil {
		return nil, err
	}
	if b.way, err = harness.NewTCPProxy(u.Host); err != nil {
		return nil, err
	}
	u.Host = b.way.Addr()
	servers.Databases["token"] = u.String()
	if b.deployment, err = harness.Processes(bins, dir, servers, map[string]string{
		"USHER_AUTHZ_USER_REQUESTS": "0",
		"USHER_TOKEN_GRANT_LIMIT":   "0", // the test reads the tokens of a grant from the database after a hundred more grants
	}); err != nil {
		return nil, errors.Join(err, b.way.Close(), b.db.Close())
	}
	b.browser = b.deployment.NewBrowser()
	printed, err := b.deployment.Operate(ctx, bins, "clients", "create", "Crash", "--id", serviceID, "--grant-type", "client_credentials",
		"--workspace", "ws_acme", "--scope", "videos:read")
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	b.serviceSecret = strings.TrimSpace(printed)
	b.deployment.RecordSecret("client_secret", b.serviceSecret)
	return b, nil
}

// serviceID is the client that gets tokens for itself.
const serviceID = "vdo_client_crash"

// issueService requests a token of the service.
func (b *bench) issueService() (harness.Response, error) {
	return b.deployment.Form("/oauth/token", url.Values{"grant_type": {"client_credentials"}}, serviceID, b.serviceSecret)
}

// approveDevice starts a device and approves it, and retries as approve does.
func (b *bench) approveDevice() (waiting harness.Device, err error) {
	for deadline := time.Now().Add(recovery); ; time.Sleep(20 * time.Millisecond) {
		if waiting, err = b.approveDeviceOnce(); err == nil || time.Now().After(deadline) {
			return waiting, err
		}
	}
}

func (b *bench) approveDeviceOnce() (harness.Device, error) {
	waiting, err := b.deployment.StartDevice("videos:read")
	if err != nil {
		return waiting, err
	}
	page, err := b.browser.EnterDevice(harness.JohnEmail, waiting.UserCode)
	if err != nil {
		return waiting, err
	}
	page, err = b.browser.Follow(b.browser.Decide(page, "ws_acme", "approve"))
	if err == nil && page.Status != http.StatusOK {
		err = fmt.Errorf("the decision about a device returned %d", page.Status)
	}
	return waiting, err
}

// close stops all processes, and searches the logs for every recorded secret.
func (b *bench) close() error {
	return errors.Join(b.deployment.Close(), b.way.Close(), b.db.Close())
}

// setRetryWindow restarts the token service with a retry window.
func (b *bench) setRetryWindow(d time.Duration) error {
	b.deployment.Set("USHER_TOKEN_REFRESH_RETRY_WINDOW", d.String())
	if _, err := b.deployment.StopOne("token"); err != nil {
		return err
	}
	if err := b.deployment.StartOne("token"); err != nil {
		return err
	}
	return b.awaitToken()
}

// recovery is the timeout until the gateway has reconnected to the token service, on a busy
// machine.
const recovery = time.Minute

// awaitToken waits until the gateway reaches the token service: requests fail before.
func (b *bench) awaitToken() error {
	for deadline := time.Now().Add(recovery); ; time.Sleep(20 * time.Millisecond) {
		if _, err := b.deployment.Active("vdo_oat_nothing"); err == nil {
			return nil
		} else if time.Now().After(deadline) {
			return err
		}
	}
}

// approve approves an authorization request. The consent service has lost its connections to the
// token service too, so approve retries; an error means that it never succeeded.
func (b *bench) approve() (code string, err error) {
	for deadline := time.Now().Add(recovery); ; time.Sleep(20 * time.Millisecond) {
		if code, err = b.browser.Approve(harness.Request{}); err == nil || time.Now().After(deadline) {
			return code, err
		}
	}
}

// samples is the number of operations that measure times.
const samples = 9

// measure sets spread to one and a half times what most operations take.
func (b *bench) measure() error {
	var took []time.Duration
	for range samples {
		code, err := b.approve()
		if err != nil {
			return err
		}
		started := time.Now()
		if _, err := b.deployment.Exchange(code, harness.Request{}); err != nil {
			return err
		}
		took = append(took, time.Since(started))
	}
	slices.Sort(took)
	b.spread = took[samples/2] * 3 / 2
	return nil
}
