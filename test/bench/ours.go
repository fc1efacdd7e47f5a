package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/harness"
)

// bed is a deployment of separate processes with a signed-in client for each caller.
type bed struct {
	d       *harness.Deployment
	o       options
	meter   meter
	callers []*caller
	conns   []*grpc.ClientConn
	// users is the URL of the identity service's database.
	users   string
	servers harness.Servers

	upstream *server
	// dir is for processes that are started later.
	dir string
}

// caller is one simulated user with a client.
type caller struct {
	browser *harness.Browser
	tokens  harness.Tokens
}

// place is the environment of a deployment: binaries, folder and servers.
type place struct {
	dir     string
	bins    harness.Binaries
	servers harness.Servers
}

func measureOurs(ctx context.Context, at place, o options, r *report) error {
	processes := filepath.Join(at.dir, "processes")
	if err := os.MkdirAll(processes, 0o700); err != nil {
		return err
	}
	upstream, err := startServer("upstream-server")
	if err != nil {
		return err
	}
	defer upstream.close() //nolint:errcheck // the measurement is done
	set := withoutBudgets()
	set["USHER_UPSTREAM_URL"] = "http://" + upstream.addr
	set["USHER_TOKEN_INTROSPECTION_CACHE_SIZE"] = "0" // measured without the cache first
	d, err := harness.Processes(at.bins, processes, at.servers, set)
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // the measurement is done
	b, err := prepareBed(ctx, d, o, at.servers)
	if err != nil {
		return err
	}
	b.upstream, b.dir = upstream, at.dir
	if err := b.measureOperations(ctx, r); err != nil {
		return err
	}
	if err := b.enableCache(); err != nil {
		return err
	}
	if strings.Contains("enforcement", o.only) {
		if err := b.measureEnforcement(ctx, r); err != nil {
			return err
		}
	}
	if strings.Contains("sign-ins", o.only) {
		return b.measureSignIns(ctx, r)
	}
	return nil
}

// withoutBudgets returns settings that turn the rate limits off: they are not measured, and a
// caller does in seconds what a user does in years.
func withoutBudgets() map[string]string {
	return map[string]string{
		"USHER_LOG_LEVEL": "warn", "USHER_AUTHZ_ANONYMOUS_REQUESTS": "0", "USHER_AUTHZ_USER_REQUESTS": "0",
		"USHER_TOKEN_REFRESH_LIMIT": "0", "USHER_TOKEN_GRANT_LIMIT": "0",
		"USHER_IDENTITY_ACCOUNT_ATTEMPTS": "100000", "USHER_IDENTITY_SOURCE_ATTEMPTS": "100000", "USHER_IDENTITY_ACCOUNT_SIGN_INS": "0",
	}
}

// enableCache turns the token service's introspection cache on, as it is by default.
func (b *bed) enableCache() error {
	b.d.Set("USHER_TOKEN_INTROSPECTION_CACHE_SIZE", "100000")
	if _, err := b.d.StopOne("token"); err != nil {
		return err
	}
	if err := b.d.StartOne("token"); err != nil {
		return err
	}
	b.meter["token"] = oneProcess(b.d.Pids()["token"])
	return nil
}

func (b *bed) measureOperations(ctx context.Context, r *report) error {
	e, err := startEcho(b.dir)
	if err != nil {
		return err
	}
	defer e.close() //nolint:errcheck // the measurement is done
	for _, m := range []struct {
		name    string
		ceiling float64
		op      func(context.Context, int) error
	}{
		{"gRPC introspection, read from PostgreSQL", 3.7, b.introspect},
		{"refresh rotation through the gateway", 17, b.refresh},
		{"code + PKCE flow from a live browser session", 87, b.flow},
	} {
		if !strings.Contains(m.name, b.o.only) {
			continue
		}
		// In turns with the echo: the speed of a shared machine changes from one minute to the
		// next.
		counts, err := b.count(ctx, m.op)
		if err != nil {
			return err
		}
		results, err := b.inTurns(ctx, e.side("gRPC echo, by turns with "+m.name), b.side(m.name, m.op))
		if err != nil {
			return err
		}
		r.ours(operation{result: results[1], ceiling: m.ceiling, echo: results[0].total(), counts: counts})
	}
	return nil
}

// counted is how often an operation is made to count its calls, statements and commands.
const counted = 40

// count returns the calls between services, statements and Redis commands of one operation without
// concurrent ones.
func (b *bed) count(ctx context.Context, op func(context.Context, int) error) (harness.Counts, error) {
	counter, err := harness.NewCounter(ctx, b.d, b.servers)
	if err != nil {
		return harness.Counts{}, err
	}
	defer counter.Close()              //nolint:errcheck // its counts are read
	if err := op(ctx, 0); err != nil { // prepares statements
		return harness.Counts{}, err
	}
	before, err := counter.Count(ctx)
	if err != nil {
		return harness.Counts{}, err
	}
	for range counted {
		if err := op(ctx, 0); err != nil {
			return harness.Counts{}, err
		}
	}
	after, err := counter.Count(ctx)
	return after.Per(before, counted), err
}

func prepareBed(ctx context.Context, d *harness.Deployment, o options, servers harness.Servers) (*bed, error) {
	b := &bed{d: d, o: o, meter: meter{}, users: servers.Databases["identity"], servers: servers}
	for name, pid := range d.Pids() {
		b.meter[name] = oneProcess(pid)
	}
	pg, err := harness.PostgresPID()
	if err != nil {
		return nil, err
	}
	redis, err := redisPid(servers.RedisAddr)
	if err != nil {
		return nil, err
	}
	maps.Copy(b.meter, meter{"postgres": withChildren(pg), "redis": oneProcess(redis)})
	if err := addUsers(ctx, servers.Databases["identity"], o.concurrency); err != nil {
		return nil, err
	}
	for i := range o.concurrency {
		c := &caller{browser: d.NewBrowser()}
		if c.tokens, err = d.Issue(c.browser, harness.Request{Email: email(i)}); err != nil {
			return nil, err
		}
		b.callers = append(b.callers, c)
	}
	for range connections {
		conn, err := d.Dial("video-api", "token")
		if err != nil {
			return nil, err
		}
		b.conns = append(b.conns, conn)
	}
	return b, nil
}

func (b *bed) introspect(ctx context.Context, i int) error {
	client := tokenv1.NewIntrospectionServiceClient(b.conns[i%len(b.conns)])
	res, err := client.IntrospectToken(ctx, &tokenv1.IntrospectTokenRequest{Token: b.callers[i].tokens.Access})
	if err == nil && !res.GetActive() {
		err = errors.New("a live token is inactive")
	}
	return err
}

func (b *bed) refresh(_ context.Context, i int) error {
	c := b.callers[i]
	a, err := b.d.Form("/oauth/token", url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {c.tokens.Refresh},
		"client_id": {harness.ConfidentialID}, "client_secret": {harness.ConfidentialPW},
	})
	if err != nil {
		return err
	}
	if a.Status != http.StatusOK {
		return fmt.Errorf("refresh returned %d %s", a.Status, a.Raw)
	}
	c.tokens = harness.Tokens{Access: a.Text("access_token"), Refresh: a.Text("refresh_token")}
	return nil
}

// flow is an authorization in a signed-in browser: authorization request, consent page, decision,
// token request.
func (b *bed) flow(_ context.Context, i int) error {
	r := harness.Request{ClientID: harness.PublicID, Verifier: harness.NewVerifier()}
	tokens, err := b.d.Issue(b.callers[i].browser, r)
	if err == nil && tokens.Access == "" {
		err = errors.New("the flow returned no token")
	}
	return err
}

// measureStart measures the time that `usher dev` takes to become ready with an empty data folder,
// and its memory then.
func measureStart(bins harness.Binaries, dir string, r *report) error {
	one := filepath.Join(dir, "one")
	if err := os.MkdirAll(one, 0o700); err != nil {
		return err
	}
	started := time.Now()
	d, err := harness.AllInOne(bins, one, map[string]string{"USHER_LOG_LEVEL": "info"})
	if err != nil {
		return err
	}
	r.start = time.Since(started)
	defer d.Close() //nolint:errcheck // the measurement is done
	r.resident, err = residentMiB(d.Pids()["usher"])
	return err
}
