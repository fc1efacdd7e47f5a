package harness

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// Deployment is a running Usher.
type Deployment struct {
	// Name identifies the deployment's shape in test names.
	Name string
	// PublicURL is the issuer and the gateway's address.
	PublicURL string
	// AdminURL is the gateway's admin listener.
	AdminURL string
	// PublicURLs are the gateways of a replicated deployment, PublicURL first.
	PublicURLs []string
	// TokenAddr is the token service's gRPC address.
	TokenAddr string
	// TokenAddrs are the gRPC addresses of its replicas, TokenAddr first.
	TokenAddrs []string
	// Traces receives every request's trace; nil where requests are not traced. Deployment.Close
	// closes it.
	Traces *Collector
	// Own are databases that no other deployment uses. Deployment.Close drops them.
	Own Servers

	client    *http.Client
	dir       string
	authority *Authority
	specs     []spec
	running   map[string]*process
	// activity are the addresses of the activity service.
	activity string

	mu      sync.Mutex
	secrets map[string]string
}

// spec is the command line and environment of one process, with which it is restarted.
type spec struct {
	name, service, bin, admin string
	args                      []string
	env                       map[string]string
}

// WithLongTimeouts adds longer timeouts to settings, so that a test fails only when it tests a
// timeout, and not because the machine was busy for five seconds.
func WithLongTimeouts(extra map[string]string) map[string]string {
	set := map[string]string{
		"USHER_GATEWAY_CALL_TIMEOUT":      "25s", // below the timeout of httpClient
		"USHER_IDENTITY_ACCOUNT_SIGN_INS": "0",
		"USHER_AUTHZ_USER_REQUESTS":       "0", // a test sends as many requests for one user as a crowd does for many
	}
	maps.Copy(set, extra)
	return set
}

// AllInOne starts `usher dev` with its data in dir.
func AllInOne(bins Binaries, dir string, extra map[string]string) (*Deployment, error) {
	addrs, err := freeAddrs(3)
	if err != nil {
		return nil, err
	}
	d := &Deployment{
		Name: "all-in-one", PublicURL: "http://" + addrs[0], AdminURL: "http://" + addrs[1], TokenAddr: addrs[2],
		PublicURLs: []string{"http://" + addrs[0]}, TokenAddrs: []string{addrs[2]},
		dir: dir, running: map[string]*process{},
	}
	env := map[string]string{
		"USHER_HTTP_ADDR": addrs[0], "USHER_ADMIN_ADDR": addrs[1], "USHER_GRPC_ADDR": addrs[2],
		"USHER_DATA_DIR": filepath.Join(dir, "data"), "USHER_PUBLIC_URL": d.PublicURL, "USHER_LOG_LEVEL": "debug",
	}
	maps.Copy(env, extra)
	d.specs = []spec{{name: "usher", bin: bins.Path("usher"), admin: addrs[1], args: []string{"dev"}, env: env}}
	return d.started()
}

// Remote is a running Usher that the harness did not start; only its public address is used.
func Remote(publicURL string) *Deployment {
	return &Deployment{Name: "remote", PublicURL: publicURL, PublicURLs: []string{publicURL}, running: map[string]*process{}}
}

// Servers are the temporary databases and the Redis server that the processes share.
type Servers struct {
	// Databases maps identity, authz, token, consent and activity each to its database URL.
	Databases map[string]string
	RedisAddr string
	// RedisPrefix begins every key: the server is shared, and counters of a source address of another
	// deployment must not limit this one.
	RedisPrefix string

	// names are those of the databases, which Drop drops at a server.
	names  []string
	dropAt string
}

// services lists the services in start order: a service starts after those that it calls.
func services() []string {
	return []string{"identity", "authz", "token", "consent", "activity", "gateway"}
}

// Processes starts every service in its own process with mutual TLS between them, on PostgreSQL
// and Redis.
func Processes(bins Binaries, dir string, servers Servers, extra map[string]string) (*Deployment, error) {
	return Replicated(bins, dir, servers, 1, extra)
}

// Replicated is Processes with several replicas of each service, gateways too: token, token-2,
// and so on.
func Replicated(bins Binaries, dir string, servers Servers, replicas int, extra map[string]string) (*Deployment, error) {
	authority, err := NewAuthority(dir)
	if err != nil {
		return nil, err
	}
	d := &Deployment{Name: "separate processes", dir: dir, authority: authority, running: map[string]*process{}}
	if replicas > 1 {
		d.Name = fmt.Sprintf("%d replicas", replicas)
	}
	plan, err := planReplicas(replicas)
	if err != nil {
		return nil, err
	}
	d.PublicURLs = plan.public()
	d.PublicURL = d.PublicURLs[0]
	env := map[string]string{
		"USHER_DEVELOPMENT": "true", "USHER_PUBLIC_URL": d.PublicURL, "USHER_LOG_LEVEL": "debug",
		"USHER_TRUST_DOMAIN": TrustDomain, "USHER_REDIS_ADDRS": servers.RedisAddr, "USHER_REDIS_PREFIX": servers.RedisPrefix,
		"USHER_RESOURCE_SERVERS": "video-api",
		"USHER_TLS_CA_FILE":      filepath.Join(dir, "ca.pem"),
	}
	for name, url := range servers.Databases {
		env[fmt.Sprintf("USHER_%s_DATABASE_URL", upper(name))] = url
	}
	for _, name := range services() {
		if name != "gateway" { // the gateway has no gRPC server
			env["USHER_PEERS_"+upper(name)] = plan.peers(name)
		}
	}
	d.activity = env["USHER_PEERS_ACTIVITY"]
	maps.Copy(env, extra)
	for _, s := range plan {
		if err := d.plan(s, bins, env); err != nil {
			return nil, err
		}
	}
	if err := d.Run(bins.Path("usher"), env, "migrate", "up"); err != nil {
		return nil, err
	}
	return d.started()
}

// plan adds the spec of one replica.
func (d *Deployment) plan(r replica, bins Binaries, env map[string]string) error {
	if err := d.authority.Issue(r.service); err != nil {
		return err
	}
	own := maps.Clone(env)
	own["USHER_GRPC_ADDR"], own["USHER_ADMIN_ADDR"] = r.grpc, r.admin
	own["USHER_TLS_CERT_FILE"], own["USHER_TLS_KEY_FILE"] = filepath.Join(d.dir, r.service+".pem"), filepath.Join(d.dir, r.service+".key")
	bins.know(r.service, own)
	if r.service == "gateway" {
		own["USHER_HTTP_ADDR"] = r.http
		d.AdminURL = cmp.Or(d.AdminURL, "http://"+r.admin)
	}
	if r.service == "token" {
		d.TokenAddrs = append(d.TokenAddrs, r.grpc)
		d.TokenAddr = d.TokenAddrs[0]
	}
	d.specs = append(d.specs, spec{name: r.name, service: r.service, bin: bins.Path(r.service), admin: r.admin, env: own})
	return nil
}

// Run runs a command of the deployment until it exits.
func (d *Deployment) Run(bin string, env map[string]string, args ...string) error {
	p, err := start(bin, "command", d.dir, args, env)
	if err != nil {
		return err
	}
	if <-p.done; p.exit != nil {
		out, _ := os.ReadFile(p.log)
		return fmt.Errorf("%v: %w\n%s", args, p.exit, out)
	}
	return nil
}

// CheckConfig runs a process with --check-config and returns its output.
func (d *Deployment) CheckConfig(name string) (string, error) {
	for _, s := range d.specs {
		if s.name == name {
			cmd := exec.Command(s.bin, "--check-config")
			cmd.Env, cmd.Dir = environ(s.env), d.dir
			out, err := cmd.CombinedOutput()
			return string(out), err
		}
	}
	return "", fmt.Errorf("no process named %s", name)
}

// Reissue replaces the certificate of every process.
func (d *Deployment) Reissue() error {
	for _, name := range services() {
		if err := d.authority.Issue(name); err != nil {
			return err
		}
	}
	return nil
}

// StartAll starts the processes that are not running, and waits until each is ready.
func (d *Deployment) StartAll() error {
	for _, s := range d.specs {
		if d.running[s.name] == nil {
			if err := d.StartOne(s.name); err != nil {
				return err
			}
		}
	}
	return nil
}

// started starts all processes and returns the deployment. When one does not start, it stops the
// others.
func (d *Deployment) started() (*Deployment, error) {
	if err := d.StartAll(); err != nil {
		return nil, errors.Join(err, d.stopAll())
	}
	return d, nil
}

// stopAll stops the running processes, in the opposite order.
func (d *Deployment) stopAll() error {
	var errs []error
	for i := len(d.specs) - 1; i >= 0; i-- {
		if d.running[d.specs[i].name] != nil {
			_, err := d.StopOne(d.specs[i].name)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// StartOne starts a process again, with the same settings and those that Set changed.
func (d *Deployment) StartOne(name string) error {
	for _, s := range d.specs {
		if s.name != name {
			continue
		}
		p, err := start(s.bin, s.name, d.dir, s.args, s.env)
		if err != nil {
			return err
		}
		d.running[name] = p
		return p.ready(s.admin)
	}
	return fmt.Errorf("no process named %s", name)
}

// Set changes a setting of every process from its next start on.
func (d *Deployment) Set(key, value string) {
	for _, s := range d.specs {
		s.env[key] = value
	}
}

// SetOne changes a setting of one process from its next start on.
func (d *Deployment) SetOne(name, key, value string) {
	for _, s := range d.specs {
		if s.name == name {
			s.env[key] = value
		}
	}
}

// StopOne stops a process and returns how long that took.
func (d *Deployment) StopOne(name string) (time.Duration, error) {
	p := d.running[name]
	delete(d.running, name)
	if p == nil {
		return 0, fmt.Errorf("%s is not running", name)
	}
	return p.stop(stopLimit)
}

// Replace stops a process and starts it again from another build.
func (d *Deployment) Replace(name string, bins Binaries) error {
	if _, err := d.StopOne(name); err != nil {
		return err
	}
	for i, s := range d.specs {
		if s.name == name {
			d.specs[i].bin = bins.Path(s.service)
			if s.service == "gateway" {
				d.specs[i].env["USHER_PEERS_ACTIVITY"] = d.activity
				bins.know(s.service, d.specs[i].env)
			}
		}
	}
	return d.StartOne(name)
}

// Kill ends a process with SIGKILL, as a crash would.
func (d *Deployment) Kill(name string) error {
	p := d.running[name]
	if p == nil {
		return fmt.Errorf("%s is not running", name)
	}
	delete(d.running, name)
	p.kill()
	return nil
}

// Names returns the names of the processes in start order.
func (d *Deployment) Names() []string {
	names := make([]string, len(d.specs))
	for i, s := range d.specs {
		names[i] = s.name
	}
	return names
}

// Close stops all processes, callers first, searches the log of the whole run for every recorded
// secret, and drops the deployment's own databases.
func (d *Deployment) Close() error {
	errs := []error{d.stopAll(), d.checkLog(), d.Own.Drop()}
	if d.Traces != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		errs = append(errs, d.Traces.Close(d.secrets))
	}
	return errors.Join(errs...)
}

// Pids returns the process ids of the running processes by name, for measurements.
func (d *Deployment) Pids() map[string]int {
	pids := map[string]int{}
	for name, p := range d.running {
		pids[name] = p.cmd.Process.Pid
	}
	return pids
}

// Log returns the output of all processes since the deployment started.
func (d *Deployment) Log() (string, error) {
	var all string
	for _, s := range d.specs {
		b, err := os.ReadFile(filepath.Join(d.dir, s.name+".log"))
		if err != nil {
			return "", err
		}
		all += string(b)
	}
	return all, nil
}

// Dial opens a gRPC connection to a service as the named caller. Between processes the certificate
// names the caller; in the all-in-one only the token service has a port, and every caller is a
// local resource server.
func (d *Deployment) Dial(caller, service string) (*grpc.ClientConn, error) {
	addr := d.TokenAddr
	if d.authority != nil {
		addr = d.envOf(service, "USHER_GRPC_ADDR")
	}
	return d.DialAt(caller, service, addr)
}

// DialAt is Dial for one replica.
func (d *Deployment) DialAt(caller, service, addr string) (*grpc.ClientConn, error) {
	creds := insecure.NewCredentials()
	if d.authority != nil {
		config, err := d.authority.ClientTLS(caller, service)
		if err != nil {
			return nil, err
		}
		creds = credentials.NewTLS(config)
	}
	return grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(creds))
}

// Authority signs the deployment's certificates; nil in the all-in-one.
func (d *Deployment) Authority() *Authority { return d.authority }

// Dir returns the folder with the deployment's certificates and logs.
func (d *Deployment) Dir() string { return d.dir }

// TLS returns a caller's TLS configuration for a service, for tests of the handshake itself; nil in
// the all-in-one.
func (d *Deployment) TLS(caller, service string) (*tls.Config, error) {
	if d.authority == nil {
		return nil, nil //nolint:nilnil // the all-in-one has no certificates
	}
	return d.authority.ClientTLS(caller, service)
}

func (d *Deployment) envOf(name, key string) string {
	for _, s := range d.specs {
		if s.name == name {
			return s.env[key]
		}
	}
	return ""
}

func upper(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] -= 'a' - 'A'
	}
	return string(b)
}

// OperatorEnv returns the environment with which an operator administers the deployment: the
// settings that all processes share, and a certificate.
func (d *Deployment) OperatorEnv() (map[string]string, error) {
	if err := d.authority.Issue("operator"); err != nil {
		return nil, err
	}
	env := maps.Clone(d.specs[0].env)
	env["USHER_PEERS_ACTIVITY"] = d.activity
	for _, own := range []string{"USHER_GRPC_ADDR", "USHER_ADMIN_ADDR", "USHER_HTTP_ADDR"} {
		delete(env, own)
	}
	env["USHER_TLS_CERT_FILE"], env["USHER_TLS_KEY_FILE"] = d.authority.path("operator.pem"), d.authority.path("operator.key")
	return env, nil
}

// AdminURLs returns the admin listeners of the running processes by name.
func (d *Deployment) AdminURLs() map[string]string {
	urls := map[string]string{}
	for _, s := range d.specs {
		urls[s.name] = "http://" + s.admin
	}
	return urls
}

// GRPCAddr returns the address on which a service listens for gRPC.
func (d *Deployment) GRPCAddr(service string) string { return d.envOf(service, "USHER_GRPC_ADDR") }

// Operate runs `usher` as the operator, by certificate or, in the all-in-one, through its socket,
// and returns its output.
func (d *Deployment) Operate(ctx context.Context, bins Binaries, args ...string) (string, error) {
	return d.OperateWith(ctx, bins, "", args...)
}

// OperateWith is Operate with standard input, from which `usher` reads passwords.
func (d *Deployment) OperateWith(ctx context.Context, bins Binaries, stdin string, args ...string) (string, error) {
	env := maps.Clone(d.specs[0].env)
	if d.authority != nil {
		env["USHER_PEERS_ACTIVITY"] = d.activity
		if err := d.authority.Issue("operator"); err != nil {
			return "", err
		}
		env["USHER_TLS_CERT_FILE"], env["USHER_TLS_KEY_FILE"] = filepath.Join(d.dir, "operator.pem"), filepath.Join(d.dir, "operator.key")
	}
	cmd := exec.CommandContext(ctx, bins.Path("usher"), args...)
	cmd.Env, cmd.Stderr = environ(env), os.Stderr
	if stdin != "" {
		cmd.Stdin = strings.NewReader(stdin)
	}
	out, err := cmd.Output()
	return string(out), err
}
