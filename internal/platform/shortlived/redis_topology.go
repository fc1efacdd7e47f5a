package shortlived

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"
)

// ErrTopology means that Redis has another topology than the settings, which waiting does not
// correct.
var ErrTopology = errors.New("redis has another topology than the settings say")

// topology is the kind of servers at redis.addrs.
type topology string

// The topologies, by the servers' own names in the reply to HELLO.
const (
	single    topology = "standalone"
	cluster   topology = "cluster"
	sentinels topology = "sentinel"
)

func (c RedisConfig) topology() topology {
	switch {
	case c.MasterName != "":
		return sentinels
	case c.Cluster || len(c.Addrs) > 1:
		return cluster
	}
	return single
}

// node is a server's description of itself.
type node struct {
	addr string
	mode topology
	// replica is set for a server that cannot be written to.
	replica bool
	// knows is set if a Sentinel monitors the master.
	knows bool
	err   error
}

// CheckTopology queries every address. It returns ErrTopology when a server differs from the
// settings; ErrUnavailable when none responds, refuses the password, or is a replica, all of which
// may be temporary.
func (r *Redis) CheckTopology(ctx context.Context) error {
	nodes := make([]node, len(r.config.Addrs))
	var asking sync.WaitGroup
	for i, addr := range r.config.Addrs {
		asking.Go(func() { nodes[i] = r.config.query(ctx, addr) })
	}
	asking.Wait()
	for _, n := range nodes {
		if n.err == nil && n.mode != "" && n.mode != r.config.topology() {
			return fmt.Errorf("%w: %s", ErrTopology, n.mismatch(r.config.topology()))
		}
	}
	reached := slices.DeleteFunc(slices.Clone(nodes), func(n node) bool { return n.err != nil })
	if len(reached) == 0 {
		return unavailable(ctx, nodes[0].err)
	}
	if r.config.topology() == sentinels && !slices.ContainsFunc(reached, func(n node) bool { return n.knows }) {
		return fmt.Errorf("%w: the Sentinel at %s knows no master %q: correct redis.master_name", ErrTopology, reached[0].addr, r.config.MasterName)
	}
	if r.config.topology() == single && reached[0].replica {
		return fmt.Errorf("%w: %s is a replica, on which nothing can be written: give the address of the master", ErrUnavailable, reached[0].addr)
	}
	return nil
}

// mismatch returns the setting to change if the node is not of the wanted topology.
func (n node) mismatch(want topology) string {
	switch n.mode {
	case cluster:
		if want == sentinels {
			return n.addr + " is a node of a Cluster, and redis.master_name is for Sentinels: leave it out, and set redis.cluster"
		}
		return n.addr + " is a node of a Cluster: set redis.cluster to true"
	case sentinels:
		return n.addr + " is a Sentinel: set redis.master_name to the name of its master"
	}
	if want == sentinels {
		return n.addr + " is a Redis server and not a Sentinel: leave redis.master_name out, or give the Sentinels' addresses"
	}
	return n.addr + " is a single server and not a node of a Cluster: give one address without redis.cluster, or redis.master_name for Sentinels"
}

// query sends HELLO to one server. A proxy that does not support it is assumed to match the
// settings.
func (c RedisConfig) query(ctx context.Context, addr string) node {
	if c.topology() != sentinels {
		return c.hello(ctx, addr, c.credentials, nil)
	}
	n := c.hello(ctx, addr, nil, c.authenticateToSentinel)
	if !refused(n.err) {
		return n
	}
	if server := c.hello(ctx, addr, c.credentials, nil); server.err == nil && server.mode != sentinels {
		return server
	}
	n.err = fmt.Errorf("the Sentinel at %s refuses the connection, see redis.sentinel_username and redis.sentinel_password: %w", addr, n.err)
	return n
}

// hello sends HELLO with one kind of credentials.
func (c RedisConfig) hello(
	ctx context.Context, addr string,
	credentials func(context.Context) (string, string, error), onConnect func(context.Context, *redis.Conn) error,
) node {
	options := c.nodeOptions(addr)
	options.PoolSize, options.DialerRetries = 1, 1
	options.CredentialsProviderContext, options.OnConnect = credentials, onConnect
	client := redis.NewClient(options)
	defer client.Close() //nolint:errcheck // the query is done
	reply, err := client.Do(ctx, "HELLO").Slice()
	n := node{addr: addr, knows: true}
	var answered redis.Error
	switch {
	case err == nil:
		n.read(reply)
	case refused(err) || !errors.As(err, &answered):
		n.err = fmt.Errorf("%s: %w", addr, err)
	}
	if n.mode == sentinels && c.topology() == sentinels {
		_, err := client.Do(ctx, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", c.MasterName).Slice()
		n.knows = !errors.Is(err, redis.Nil)
	}
	return n
}

// read reads mode and role from the reply to HELLO, which is a list of names and values.
func (n *node) read(reply []any) {
	for i := 0; i+1 < len(reply); i += 2 {
		value, _ := reply[i+1].(string)
		switch reply[i] {
		case "mode":
			n.mode = topology(value)
		case "role":
			n.replica = value == "replica" || value == "slave"
		}
	}
}
