package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/redis/go-redis/v9"
)

// RedisCluster is a Redis Cluster of three masters, each with a replica.
type RedisCluster struct {
	dir     string
	addrs   []string
	buses   map[string]string
	running map[string]*exec.Cmd
}

// StartRedisCluster starts all six nodes in dir and waits until every slot is served and every
// replica is up.
func StartRedisCluster(ctx context.Context, dir string) (*RedisCluster, error) {
	addrs, err := freeAddrs(12)
	if err != nil {
		return nil, err
	}
	c := &RedisCluster{dir: dir, addrs: addrs[:6], buses: map[string]string{}, running: map[string]*exec.Cmd{}}
	for i, addr := range c.addrs {
		c.buses[addr] = addrs[6+i]
	}
	if err := c.startAll(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *RedisCluster) startAll(ctx context.Context) error {
	for _, addr := range c.addrs {
		if err := c.start(ctx, addr); err != nil {
			return err
		}
	}
	create := append([]string{"--cluster", "create"}, c.addrs...)
	if err := c.cli(ctx, append(create, "--cluster-replicas", "1", "--cluster-yes")...); err != nil {
		return err
	}
	return c.waitUntilComplete(ctx)
}

// start starts a node, new or from its files.
func (c *RedisCluster) start(ctx context.Context, addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	_, bus, err := net.SplitHostPort(c.buses[addr])
	if err != nil {
		return err
	}
	cmd := exec.Command(RedisServer(), "--port", port, "--bind", host, "--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0",
		"--logfile", filepath.Join(c.dir, "redis-"+port+".log"), "--dbfilename", port+".rdb",
		"--cluster-enabled", "yes", "--cluster-config-file", "nodes-"+port+".conf", "--cluster-port", bus, "--cluster-node-timeout", "1000")
	cmd.Dir = c.dir
	if err := cmd.Start(); err != nil {
		return err
	}
	c.running[addr] = cmd
	return within(startLimit, "Redis at "+addr, func() bool {
		_, err := c.do(ctx, addr, "PING")
		return err == nil
	})
}

// cli runs redis-cli.
func (*RedisCluster) cli(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, "redis-cli", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("redis-cli %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// do sends one command to one node.
func (*RedisCluster) do(ctx context.Context, addr string, args ...any) (string, error) {
	client := redis.NewClient(&redis.Options{Addr: addr, Protocol: 2})
	defer client.Close() //nolint:errcheck // used for one command
	return client.Do(ctx, args...).Text()
}

// Addrs returns the addresses of the running nodes.
func (c *RedisCluster) Addrs() []string {
	var running []string
	for _, addr := range c.addrs {
		if c.running[addr] != nil {
			running = append(running, addr)
		}
	}
	return running
}

// members lists the nodes of the Cluster as the node at addr reports them.
func (c *RedisCluster) members(ctx context.Context, addr string) (all []member, err error) {
	text, err := c.do(ctx, addr, "CLUSTER", "NODES")
	for line := range strings.Lines(text) {
		// <id> <ip:port@cport> <flags> <master> <ping> <pong> <epoch> <link> <slot>...
		if fields := strings.Fields(line); len(fields) >= 8 {
			at, _, _ := strings.Cut(fields[1], "@")
			all = append(all, member{id: fields[0], addr: at, flags: fields[2], slots: len(fields) > 8})
		}
	}
	return all, err
}

type member struct {
	id, addr, flags string
	// slots reports whether the node serves slots.
	slots bool
}

func (m member) has(flag string) bool {
	for f := range strings.SplitSeq(m.flags, ",") {
		if f == flag {
			return true
		}
	}
	return false
}

// Masters returns the addresses of the live nodes that serve slots.
func (c *RedisCluster) Masters(ctx context.Context) (addrs []string, err error) {
	all, err := c.members(ctx, c.Addrs()[0])
	for _, m := range all {
		if m.has("master") && m.slots && !m.has("fail") {
			addrs = append(addrs, m.addr)
		}
	}
	return addrs, err
}

// waitUntilComplete waits until every live node reports that three masters serve all slots and that
// the replicas are up.
func (c *RedisCluster) waitUntilComplete(ctx context.Context) error {
	return within(2*takeOverLimit, "a whole Redis Cluster", func() bool {
		for _, addr := range c.Addrs() {
			info, err := c.do(ctx, addr, "CLUSTER", "INFO")
			if err != nil || !strings.Contains(info, "cluster_state:ok") {
				return false
			}
			masters, replicas, err := c.count(ctx, addr)
			if err != nil || masters != 3 || replicas != len(c.Addrs())-3 {
				return false
			}
		}
		return true
	})
}

// count returns how many live masters and replicas the node at addr reports.
func (c *RedisCluster) count(ctx context.Context, addr string) (masters, replicas int, err error) {
	all, err := c.members(ctx, addr)
	for _, m := range all {
		switch {
		case m.has("fail") || m.has("fail?"):
		case m.has("master") && m.slots:
			masters++
		case m.has("slave"):
			replicas++
		}
	}
	return masters, replicas, err
}

// KillMaster kills a master, and waits until Redis has promoted its replica.
func (c *RedisCluster) KillMaster(ctx context.Context) (killed string, err error) {
	masters, err := c.Masters(ctx)
	if err != nil {
		return "", err
	}
	killed = masters[0]
	c.kill(killed)
	return killed, c.waitUntilComplete(ctx)
}

// Restart starts a killed node, which becomes a replica.
func (c *RedisCluster) Restart(ctx context.Context, addr string) error {
	if err := c.start(ctx, addr); err != nil {
		return err
	}
	return c.waitUntilComplete(ctx)
}

// MoveSlots moves n slots, with their keys, from one master to another.
func (c *RedisCluster) MoveSlots(ctx context.Context, n int) error {
	all, err := c.members(ctx, c.Addrs()[0])
	if err != nil {
		return err
	}
	var masters []member
	for _, m := range all {
		if m.has("master") && m.slots && !m.has("fail") {
			masters = append(masters, m)
		}
	}
	return c.cli(ctx, "--cluster", "reshard", masters[0].addr, "--cluster-from", masters[0].id, "--cluster-to", masters[1].id,
		"--cluster-slots", fmt.Sprint(n), "--cluster-yes")
}

func (c *RedisCluster) kill(addr string) {
	if cmd := c.running[addr]; cmd != nil {
		_ = cmd.Process.Kill() // it may have exited already
		_ = cmd.Wait()
		delete(c.running, addr)
	}
}

// Close stops all nodes.
func (c *RedisCluster) Close() error {
	for _, addr := range c.addrs {
		c.kill(addr)
	}
	return nil
}
