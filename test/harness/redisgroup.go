package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// RedisMaster is the name under which the Sentinels of a RedisGroup monitor the master.
const RedisMaster = "usher"

// takeOverLimit is the timeout for the promotion of a replica on a busy machine.
const takeOverLimit = 3 * time.Minute

// RedisGroup is a Redis master and its replica, monitored by three Sentinels with a quorum of two.
type RedisGroup struct {
	// Secrets are the passwords of the servers and the Sentinels.
	Secrets RedisSecrets

	dir              string
	nodes, sentinels []string
	running          map[string]*exec.Cmd
}

// RedisSecrets are passwords; empty means that none is required.
type RedisSecrets struct{ Server, Sentinel string }

// StartRedisGroup starts all five in dir and waits until the Sentinels have discovered the replica
// and each other.
func StartRedisGroup(ctx context.Context, dir string) (*RedisGroup, error) {
	return StartGuardedRedisGroup(ctx, dir, RedisSecrets{})
}

// StartGuardedRedisGroup is StartRedisGroup with passwords.
func StartGuardedRedisGroup(ctx context.Context, dir string, secrets RedisSecrets) (*RedisGroup, error) {
	addrs, err := freeAddrs(5)
	if err != nil {
		return nil, err
	}
	g := &RedisGroup{Secrets: secrets, dir: dir, nodes: addrs[:2], sentinels: addrs[2:], running: map[string]*exec.Cmd{}}
	if err := g.startAll(ctx); err != nil {
		return nil, errors.Join(err, g.Close())
	}
	return g, nil
}

func (g *RedisGroup) startAll(ctx context.Context) error {
	if err := g.startNode(ctx, g.nodes[0], ""); err != nil {
		return err
	}
	if err := g.startNode(ctx, g.nodes[1], g.nodes[0]); err != nil {
		return err
	}
	for _, addr := range g.sentinels {
		if err := g.startSentinel(ctx, addr); err != nil {
			return err
		}
	}
	return g.awaitReplica(ctx)
}

// Sentinels returns the setting that names the Sentinels.
func (g *RedisGroup) Sentinels() string { return strings.Join(g.sentinels, ",") }

// Master returns the master's address as the Sentinels report it.
func (g *RedisGroup) Master(ctx context.Context) (string, error) {
	var errs []error
	for _, addr := range g.sentinels {
		s := g.sentinel(addr)
		at, err := s.GetMasterAddrByName(ctx, RedisMaster).Result()
		_ = s.Close() // used for one command
		if err == nil && len(at) == 2 {
			return net.JoinHostPort(at[0], at[1]), nil
		}
		errs = append(errs, err)
	}
	return "", errors.Join(errs...)
}

func (g *RedisGroup) sentinel(addr string) *redis.SentinelClient {
	return redis.NewSentinelClient(&redis.Options{Addr: addr, Password: g.Secrets.Sentinel})
}

// Nodes returns the addresses of the servers.
func (g *RedisGroup) Nodes() []string { return g.nodes }

// Failover orders a Sentinel to promote the replica, as before maintenance, and waits until the
// replica is the master.
func (g *RedisGroup) Failover(ctx context.Context) error {
	if err := g.awaitReplica(ctx); err != nil {
		return err
	}
	old, err := g.Master(ctx)
	if err != nil {
		return err
	}
	s := g.sentinel(g.sentinels[0])
	defer s.Close() //nolint:errcheck // used for one command
	if err := s.Failover(ctx, RedisMaster).Err(); err != nil {
		return fmt.Errorf("requesting a failover: %w", err)
	}
	_, err = g.successor(ctx, old)
	return err
}

// KillMaster kills the master, waits until the replica is promoted, and starts the killed server
// again as its replica.
func (g *RedisGroup) KillMaster(ctx context.Context) error {
	if err := g.awaitReplica(ctx); err != nil {
		return err
	}
	old, err := g.Master(ctx)
	if err != nil {
		return err
	}
	g.kill(old)
	next, err := g.successor(ctx, old)
	if err != nil {
		return err
	}
	return g.startNode(ctx, old, next)
}

// Close stops all processes.
func (g *RedisGroup) Close() error {
	for _, addr := range append(append([]string{}, g.sentinels...), g.nodes...) {
		g.kill(addr)
	}
	return nil
}

// successor waits until the master is another server than old.
func (g *RedisGroup) successor(ctx context.Context, old string) (next string, err error) {
	err = within(takeOverLimit, "another Redis master", func() bool {
		next, err = g.Master(ctx)
		return err == nil && next != old
	})
	return next, err
}

// awaitReplica waits until every Sentinel knows a live replica and the other Sentinels: the next
// failover succeeds only then.
func (g *RedisGroup) awaitReplica(ctx context.Context) error {
	return within(takeOverLimit, "a live Redis replica", func() bool {
		for _, addr := range g.sentinels {
			s := g.sentinel(addr)
			replicas, err := s.Replicas(ctx, RedisMaster).Result()
			others, err2 := s.Sentinels(ctx, RedisMaster).Result()
			_ = s.Close() // used for two commands
			if errors.Join(err, err2) != nil || len(others) != len(g.sentinels)-1 || !follows(replicas) {
				return false
			}
		}
		return true
	})
}

func follows(replicas []map[string]string) bool {
	for _, r := range replicas {
		if r["flags"] == "slave" && r["master-link-status"] == "ok" {
			return true
		}
	}
	return false
}

// startNode starts a Redis server, as a replica of another one where of is not empty.
func (g *RedisGroup) startNode(ctx context.Context, addr, of string) error {
	args := []string{"--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"}
	if of != "" {
		host, port, err := net.SplitHostPort(of)
		if err != nil {
			return err
		}
		args = append(args, "--replicaof", host+" "+port)
	}
	if g.Secrets.Server != "" {
		args = append(args, "--requirepass", g.Secrets.Server, "--masterauth", g.Secrets.Server)
	}
	return g.start(ctx, addr, g.Secrets.Server, args)
}

// startSentinel writes a Sentinel's configuration file and starts it; the Sentinel writes its state
// to the same file.
func (g *RedisGroup) startSentinel(ctx context.Context, addr string) error {
	host, port, err := net.SplitHostPort(g.nodes[0])
	if err != nil {
		return err
	}
	_, own, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	file := filepath.Join(g.dir, "sentinel-"+own+".conf")
	text := fmt.Sprintf("sentinel monitor %[1]s %s %s 2\nsentinel down-after-milliseconds %[1]s 1000\nsentinel failover-timeout %[1]s 3000\n",
		RedisMaster, host, port)
	if g.Secrets.Server != "" {
		text += fmt.Sprintf("sentinel auth-pass %s %s\n", RedisMaster, g.Secrets.Server)
	}
	if g.Secrets.Sentinel != "" {
		text += "requirepass " + g.Secrets.Sentinel + "\n"
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	return g.start(ctx, addr, g.Secrets.Sentinel, nil, file, "--sentinel")
}

func (g *RedisGroup) start(ctx context.Context, addr, password string, args []string, first ...string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	log := filepath.Join(g.dir, "redis-"+port+".log")
	line := append(append(append([]string{}, first...), "--port", port, "--bind", host, "--logfile", log), args...)
	cmd := exec.Command(RedisServer(), line...)
	cmd.Dir = g.dir
	if err := cmd.Start(); err != nil {
		return err
	}
	g.running[addr] = cmd
	client := redis.NewClient(&redis.Options{Addr: addr, Password: password})
	defer client.Close() //nolint:errcheck // used for one command
	return within(startLimit, "Redis at "+addr, func() bool { return client.Ping(ctx).Err() == nil })
}

func (g *RedisGroup) kill(addr string) {
	if cmd := g.running[addr]; cmd != nil {
		_ = cmd.Process.Kill() // it may have exited already
		_ = cmd.Wait()
		delete(g.running, addr)
	}
}

// within polls a check until it returns true, or returns an error after the limit.
func within(limit time.Duration, what string, check func() bool) error {
	for deadline := time.Now().Add(limit); !check(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: not within %s", what, limit)
		}
	}
	return nil
}
