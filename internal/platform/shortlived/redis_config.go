package shortlived

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/trace"

	"github.com/vidocu/usher/internal/platform/hostport"
	"github.com/vidocu/usher/internal/platform/secret"
)

// RedisConfig says which Redis to use and in which topology. One address is a single server, or with Cluster a node of a Cluster;
// several are nodes of a Cluster; with a master name they are Sentinels.
type RedisConfig struct {
	// Addrs are host:port.
	Addrs []string
	// Cluster says that a single address is a Cluster's.
	Cluster    bool
	MasterName string
	Username   string
	// Password, as every secret here, is read anew for every new connection.
	Password secret.String
	// SentinelUsername and SentinelPassword are for the Sentinels themselves; empty where they ask for none.
	SentinelUsername string
	SentinelPassword secret.String
	TLS              RedisTLS
	// Prefix stands before every key, so that services can share a server.
	Prefix string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Logger gets what the client library reports, for the whole process; nil leaves the library's own.
	Logger *slog.Logger
	// Tracer makes a span of each command within a trace; nil makes none.
	Tracer trace.TracerProvider
}

const (
	// connLifetime is how long a connection lives at most, give or take a tenth.
	connLifetime = 30 * time.Minute
	// replyLimit is how long Redis may take: it answers in microseconds or not at all.
	replyLimit = time.Second
	// slotsLifetime is how long the map of a Cluster's slots is used before it is read again. The library's default is a minute, and
	// a refused connection does not hasten it: so long after a master's failure its slots would stay lost.
	slotsLifetime = time.Second
)

// Validate joins everything that cannot be used, each with its setting's name, without connecting.
func (c RedisConfig) Validate() error {
	var faults []error
	if len(c.Addrs) == 0 {
		faults = append(faults, errors.New("addrs: redis needs an address"))
	}
	for _, addr := range c.Addrs {
		if err := hostport.Validate(addr); err != nil {
			faults = append(faults, fmt.Errorf("addrs: %w", err))
		}
	}
	if c.Cluster && c.MasterName != "" {
		faults = append(faults, errors.New("cluster and master_name are both set: a Cluster has no Sentinels; keep one"))
	}
	if c.MasterName == "" && (c.SentinelUsername != "" || !c.SentinelPassword.IsZero()) {
		faults = append(faults, errors.New("sentinel_username and sentinel_password are for Sentinels: set master_name too, or leave them out"))
	}
	return errors.Join(append(faults, c.TLS.Validate())...)
}

// client makes the client for the topology.
func (c RedisConfig) client() redis.UniversalClient {
	switch c.topology() {
	case cluster:
		client := redis.NewClusterClient(c.clusterOptions())
		client.OnNewNode(func(node *redis.Client) { node.AddHook(once{}) })
		return client
	case sentinels:
		return redis.NewFailoverClient(c.failoverOptions())
	default:
		options := c.nodeOptions(c.Addrs[0])
		options.CredentialsProviderContext = c.credentials
		return redis.NewClient(options)
	}
}

func (c RedisConfig) credentials(context.Context) (name, password string, err error) {
	return c.Username, c.Password.Reveal(), nil
}

// nodeOptions are those of one server, without credentials.
func (c RedisConfig) nodeOptions(addr string) *redis.Options {
	return &redis.Options{
		Addr: addr, Dialer: c.TLS.dial,
		// An old password is still in use for so long after its rotation.
		ConnMaxLifetime: connLifetime, ConnMaxLifetimeJitter: connLifetime / 10,
		// A command whose reply was lost may have been done: repeating a Take would make a success look like a loss.
		MaxRetries:  -1,
		DialTimeout: replyLimit, ReadTimeout: replyLimit, WriteTimeout: replyLimit, PoolTimeout: replyLimit,
		ContextTimeoutEnabled: true,
		// The older protocol has no pushes, for which the client would look before every reply.
		Protocol: 2, DisableIdentity: true,
	}
}

// clusterOptions follow redirections, which say that a command was not done, and try a connection that was refused once more.
func (c RedisConfig) clusterOptions() *redis.ClusterOptions {
	one := c.nodeOptions("")
	return &redis.ClusterOptions{
		Addrs: c.Addrs, Dialer: one.Dialer, CredentialsProviderContext: c.credentials, ClusterStateReloadInterval: slotsLifetime,
		ConnMaxLifetime: one.ConnMaxLifetime, ConnMaxLifetimeJitter: one.ConnMaxLifetimeJitter, MaxRetries: one.MaxRetries,
		DialTimeout: one.DialTimeout, ReadTimeout: one.ReadTimeout, WriteTimeout: one.WriteTimeout, PoolTimeout: one.PoolTimeout,
		// A node that is gone must not hold up reading the map from the next one.
		DialerRetries:         1,
		ContextTimeoutEnabled: true, Protocol: one.Protocol, DisableIdentity: true,
		// Every command of ours has one key. Routing by a command's properties would ask for rights that a role may lack.
		DisableRoutingPolicies: true,
	}
}

func (c RedisConfig) failoverOptions() *redis.FailoverOptions {
	one := c.nodeOptions("")
	return &redis.FailoverOptions{
		SentinelAddrs: c.Addrs, MasterName: c.MasterName, Dialer: one.Dialer, CredentialsProviderContext: c.credentials,
		OnConnect:       c.authenticateToSentinel,
		ConnMaxLifetime: one.ConnMaxLifetime, ConnMaxLifetimeJitter: one.ConnMaxLifetimeJitter, MaxRetries: one.MaxRetries,
		DialTimeout: one.DialTimeout, ReadTimeout: one.ReadTimeout, WriteTimeout: one.WriteTimeout, PoolTimeout: one.PoolTimeout,
		ContextTimeoutEnabled: true, Protocol: one.Protocol, DisableIdentity: true,
	}
}

// authenticateToSentinel authenticates connections to Sentinels. The library takes a Sentinel's password once and for all; a
// connection to a Redis server has been authenticated before.
func (c RedisConfig) authenticateToSentinel(ctx context.Context, conn *redis.Conn) error {
	if c.SentinelPassword.IsZero() || !refused(conn.Ping(ctx).Err()) {
		return nil
	}
	if c.SentinelUsername == "" {
		return conn.Auth(ctx, c.SentinelPassword.Reveal()).Err()
	}
	return conn.AuthACL(ctx, c.SentinelUsername, c.SentinelPassword.Reveal()).Err()
}

// refused recognises a server that asks for a password, or for another one.
func refused(err error) bool {
	return redis.HasErrorPrefix(err, "NOAUTH") || redis.HasErrorPrefix(err, "WRONGPASS")
}
