package shortlived

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/trace"

	"github.com/vidocu/usher/internal/platform/secret"
)

// RedisConfig says which Redis to use: one address is a single node, several are a Cluster, and with a master name they
// are Sentinels.
type RedisConfig struct {
	Addrs      []string
	MasterName string
	Username   string
	// Password is read anew for every new connection.
	Password secret.String
	// TLS turns on TLS 1.2 or newer with the system's certificate authorities.
	TLS bool
	// Prefix stands before every key, so that services can share a server.
	Prefix string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Tracer makes a span of each command within a trace; nil makes none.
	Tracer trace.TracerProvider
}

// connLifetime is how long a connection lives at most, give or take a tenth.
const connLifetime = 30 * time.Minute

// replyLimit is how long Redis may take: it answers in microseconds or not at all.
const replyLimit = time.Second

// Redis is a Store that replicas share.
type Redis struct {
	client redis.UniversalClient
	prefix string
	now    func() time.Time
	swap   *redis.Script
	count  *redis.Script
	spend  *redis.Script
	refund *redis.Script
}

// OpenRedis prepares the connections. It does not insist that the server answers: what asks first finds out.
func OpenRedis(config RedisConfig) (*Redis, error) {
	if len(config.Addrs) == 0 {
		return nil, errors.New("redis needs an address")
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	options := &redis.UniversalOptions{
		Addrs: config.Addrs, MasterName: config.MasterName,
		CredentialsProviderContext: func(context.Context) (string, string, error) {
			return config.Username, config.Password.Reveal(), nil
		},
		// An old password is still in use for so long after its rotation.
		ConnMaxLifetime: connLifetime, ConnMaxLifetimeJitter: connLifetime / 10,
		// A command whose reply was lost may have been done: repeating a Take would make a success look like a loss.
		MaxRetries:  -1,
		DialTimeout: replyLimit, ReadTimeout: replyLimit, WriteTimeout: replyLimit, PoolTimeout: replyLimit,
		ContextTimeoutEnabled: true,
		// The older protocol has no pushes, for which the client would look before every reply.
		Protocol: 2, DisableIdentity: true,
	}
	if config.TLS {
		options.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	client := redis.NewUniversalClient(options)
	if config.Tracer != nil {
		// Without the statement, which holds keys and values.
		err := redisotel.InstrumentTracing(client, redisotel.WithTracerProvider(config.Tracer), redisotel.WithDBStatement(false), redisotel.WithCallerEnabled(false))
		if err != nil {
			return nil, err
		}
	}
	return &Redis{
		client: client, prefix: config.Prefix, now: config.Now,
		swap: redis.NewScript(swapText), count: redis.NewScript(countText),
		spend: redis.NewScript(spendText), refund: redis.NewScript(refundText),
	}, nil
}

// swapText replaces a value that is still the same and keeps its time to live.
const swapText = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL') return 1 end return 0`

// countText adds one; the first count sets the end.
const countText = `local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end return n`

// spendText takes one unless the limit is reached; the first one taken sets the end.
const spendText = `if tonumber(redis.call('GET', KEYS[1]) or '0') >= tonumber(ARGV[1]) then return 0 end
if redis.call('INCR', KEYS[1]) == 1 and redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 1`

// refundText gives one back and keeps the time to live; a budget that is whole again needs no key.
const refundText = `local n = tonumber(redis.call('GET', KEYS[1]) or '0')
if n > 1 then redis.call('DECR', KEYS[1]) elseif n == 1 then redis.call('DEL', KEYS[1]) end return 0`

// Put writes an entry.
func (r *Redis) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return unavailable(ctx, r.client.Set(ctx, r.prefix+key, pack(value, r.now().Add(ttl)), ttl).Err())
}

// PutNew writes an entry unless there is one.
func (r *Redis) PutNew(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	packed := pack(value, r.now().Add(ttl))
	err := r.client.SetArgs(ctx, r.prefix+key, packed, redis.SetArgs{Mode: "NX", TTL: ttl}).Err()
	if !errors.Is(err, redis.Nil) {
		return err == nil, unavailable(ctx, err)
	}
	// One is there. If it is past its own deadline it counts as gone, and exactly one caller may replace it.
	old, err := r.client.Get(ctx, r.prefix+key).Bytes()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, unavailable(ctx, err)
	}
	if _, live := unpack(old, r.now()); live {
		return false, nil
	}
	n, err := r.swap.Run(ctx, r.client, []string{r.prefix + key}, old, packed).Int()
	return n == 1, unavailable(ctx, err)
}

// Get reads an entry.
func (r *Redis) Get(ctx context.Context, key string) ([]byte, bool, error) {
	return r.open(ctx, r.client.Get(ctx, r.prefix+key))
}

// Take reads an entry and removes it.
func (r *Redis) Take(ctx context.Context, key string) ([]byte, bool, error) {
	return r.open(ctx, r.client.GetDel(ctx, r.prefix+key))
}

func (r *Redis) open(ctx context.Context, cmd *redis.StringCmd) ([]byte, bool, error) {
	packed, err := cmd.Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, unavailable(ctx, err)
	}
	value, live := unpack(packed, r.now())
	return value, live, nil
}

// CompareAndSet replaces a value that is still old. The deadline stays: it is read first and stands in what is compared.
func (r *Redis) CompareAndSet(ctx context.Context, key string, old, value []byte) (bool, error) {
	packed, err := r.client.Get(ctx, r.prefix+key).Bytes()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, unavailable(ctx, err)
	}
	have, live := unpack(packed, r.now())
	if !live || string(have) != string(old) {
		return false, nil
	}
	next := append(packed[:headerSize:headerSize], value...)
	n, err := r.swap.Run(ctx, r.client, []string{r.prefix + key}, packed, next).Int()
	return n == 1, unavailable(ctx, err)
}

// Delete removes an entry.
func (r *Redis) Delete(ctx context.Context, key string) error {
	return unavailable(ctx, r.client.Del(ctx, r.prefix+key).Err())
}

// Count adds one to a counter. Its window is Redis's own clock's.
func (r *Redis) Count(ctx context.Context, key string, window time.Duration) (int64, error) {
	n, err := r.count.Run(ctx, r.client, []string{r.prefix + key}, window.Milliseconds()).Int64()
	return n, unavailable(ctx, err)
}

// Spend takes one of a budget. Its window is Redis's own clock's.
func (r *Redis) Spend(ctx context.Context, key string, limit int64, window time.Duration) (bool, error) {
	n, err := r.spend.Run(ctx, r.client, []string{r.prefix + key}, limit, max(window.Milliseconds(), 1)).Int64()
	return n == 1, unavailable(ctx, err)
}

// Refund gives one back.
func (r *Redis) Refund(ctx context.Context, key string) error {
	return unavailable(ctx, r.refund.Run(ctx, r.client, []string{r.prefix + key}).Err())
}

// Ping asks whether the server answers.
func (r *Redis) Ping(ctx context.Context) error { return unavailable(ctx, r.client.Ping(ctx).Err()) }

// Time is the server's clock; of a Cluster's, that of one of them.
func (r *Redis) Time(ctx context.Context) (time.Time, error) {
	at, err := r.client.Time(ctx).Result()
	return at, unavailable(ctx, err)
}

// Close ends the connections.
func (r *Redis) Close() error { return r.client.Close() }

// unavailable names every failure of the transport or the server: none of them is the caller's doing but a cancellation.
func unavailable(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
