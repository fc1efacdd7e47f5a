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

// RedisConfig selects the Redis servers and their topology. One address is a single server, or with
// Cluster a node of a Cluster; several are nodes of a Cluster; with a master name they are
// Sentinels.
type RedisConfig struct {
	// Addrs are host:port.
	Addrs []string
	// Cluster marks a single address as a Cluster's.
	Cluster    bool
	MasterName string
	Username   string
	// Password, like every secret here, is read again for every new connection.
	Password secret.String
	// SentinelUsername and SentinelPassword are for the Sentinels themselves; empty where they
	// require none.
	SentinelUsername string
	SentinelPassword secret.String
	TLS              RedisTLS
	// Prefix is the prefix of every key, so that services can share a server.
	Prefix string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Logger logs the client library's messages, for the whole process; nil leaves the library's
	// own logger.
	Logger *slog.Logger
	// Tracer creates a span for each command within a trace; nil disables them.
	Tracer trace.TracerProvider
}

const (
	// connLifetime is the maximum age of a connection, give or take a tenth.
	connLifetime = 30 * time.Minute
	// replyLimit is the timeout of a reply: Redis responds in microseconds or not at all.
	replyLimit = time.Second
	// slotsLifetime is how long a Cluster's map of slots is cached. The library's default is a
	// minute, and a refused connection does not refresh it: after a master's failure its slots
	// would be unavailable for that long.
	slotsLifetime = time.Second
)

// Validate joins all faults, each with its setting's name, without connecting.
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

// client creates the client for the topology.
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

// nodeOptions are the options of one server, without credentials.
func (c RedisConfig) nodeOptions(addr string) *redis.Options {
	return &redis.Options{
		Addr: addr, Dialer: c.TLS.dial,
		// An old password is still in use for that long after its rotation.
		ConnMaxLifetime: connLifetime, ConnMaxLifetimeJitter: connLifetime / 10,
		// A command whose reply was lost may have been executed: a retried Take would report a
		// success as missing.
		MaxRetries:  -1,
		DialTimeout: replyLimit, ReadTimeout: replyLimit, WriteTimeout: replyLimit, PoolTimeout: replyLimit,
		ContextTimeoutEnabled: true,
		// RESP3 has push messages, for which the client would check before every reply.
		Protocol: 2, DisableIdentity: true,
	}
}

// clusterOptions follow redirections, which mean that a command was not executed, and retry a
// refused connection once.
func (c RedisConfig) clusterOptions() *redis.ClusterOptions {
	one := c.nodeOptions("")
	return &redis.ClusterOptions{
		Addrs: c.Addrs, Dialer: one.Dialer, CredentialsProviderContext: c.credentials, ClusterStateReloadInterval: slotsLifetime,
		ConnMaxLifetime: one.ConnMaxLifetime, ConnMaxLifetimeJitter: one.ConnMaxLifetimeJitter, MaxRetries: one.MaxRetries,
		DialTimeout: one.DialTimeout, ReadTimeout: one.ReadTimeout, WriteTimeout: one.WriteTimeout, PoolTimeout: one.PoolTimeout,
		// A node that is down must not delay reading the map from the next one.
		DialerRetries:         1,
		ContextTimeoutEnabled: true, Protocol: one.Protocol, DisableIdentity: true,
		// Every command of ours has one key. Routing by a command's properties would require
		// permissions that a role may lack.
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

// authenticateToSentinel authenticates connections to Sentinels. The library reads a Sentinel's
// password only once; a connection to a Redis server has been authenticated before.
func (c RedisConfig) authenticateToSentinel(ctx context.Context, conn *redis.Conn) error {
	if c.SentinelPassword.IsZero() || !refused(conn.Ping(ctx).Err()) {
		return nil
	}
	if c.SentinelUsername == "" {
		return conn.Auth(ctx, c.SentinelPassword.Reveal()).Err()
	}
	return conn.AuthACL(ctx, c.SentinelUsername, c.SentinelPassword.Reveal()).Err()
}

// refused reports whether a server requires a password, or another one.
func refused(err error) bool {
	return redis.HasErrorPrefix(err, "NOAUTH") || redis.HasErrorPrefix(err, "WRONGPASS")
}
