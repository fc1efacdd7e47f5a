package shortlived

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"
)

// Redis is a Store that replicas share.
type Redis struct {
	client  redis.UniversalClient
	config  RedisConfig
	prefix  string
	now     func() time.Time
	swap    *redis.Script
	replace *redis.Script
	count   *redis.Script
	spend   *redis.Script
	refund  *redis.Script
}

// OpenRedis prepares the connections, and fails on invalid settings and files. The server need not
// be up: the first command fails otherwise.
func OpenRedis(config RedisConfig) (*Redis, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Logger != nil {
		redis.SetLogger(logger{config.Logger}) // the library has one for the whole process
	}
	config.TLS = config.TLS.withDefaults()
	client := config.client()
	if config.Tracer != nil {
		// Without the statement, which contains keys and values.
		err := redisotel.InstrumentTracing(client, redisotel.WithTracerProvider(config.Tracer), redisotel.WithDBStatement(false), redisotel.WithCallerEnabled(false))
		if err != nil {
			return nil, err
		}
	}
	return &Redis{
		client: client, config: config, prefix: config.Prefix, now: config.Now,
		swap: redis.NewScript(swapText), replace: redis.NewScript(replaceText), count: redis.NewScript(countText),
		spend: redis.NewScript(spendText), refund: redis.NewScript(refundText),
	}, nil
}

// swapText replaces a value that is still the same, unless its deadline is over, and keeps its time
// to live and the deadline, which is the head of the stored bytes. It computes the deadline byte by
// byte: Lua compares strings by the server's locale.
const swapText = `local packed = redis.call('GET', KEYS[1])
if not packed or string.sub(packed, 9) ~= ARGV[1] then return 0 end
local deadline = 0
for i = 1, 8 do deadline = deadline * 256 + string.byte(packed, i) end
if deadline <= tonumber(ARGV[3]) then return 0 end
redis.call('SET', KEYS[1], string.sub(packed, 1, 8) .. ARGV[2], 'KEEPTTL') return 1`

// replaceText replaces bytes that are still the same and keeps their time to live.
const replaceText = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL') return 1 end return 0`

// countText adds one; the first count sets the expiry.
const countText = `local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end return n`

// spendText takes one unless the limit is reached; the first one taken sets the expiry.
const spendText = `if tonumber(redis.call('GET', KEYS[1]) or '0') >= tonumber(ARGV[1]) then return 0 end
if redis.call('INCR', KEYS[1]) == 1 and redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 1`

// refundText gives one back and keeps the time to live; the key of a full budget is deleted.
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
	// The key has an entry. If it has expired, exactly one caller may replace it.
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
	n, err := r.replace.Run(ctx, r.client, []string{r.prefix + key}, old, packed).Int()
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

// CompareAndSet replaces a value that is still old and has not expired. The deadline stays.
func (r *Redis) CompareAndSet(ctx context.Context, key string, old, value []byte) (bool, error) {
	n, err := r.swap.Run(ctx, r.client, []string{r.prefix + key}, old, value, r.now().UnixMicro()).Int()
	return n == 1, unavailable(ctx, err)
}

// Delete removes an entry.
func (r *Redis) Delete(ctx context.Context, key string) error {
	return unavailable(ctx, r.client.Del(ctx, r.prefix+key).Err())
}

// Count adds one to a counter. Its window ends by Redis's own clock.
func (r *Redis) Count(ctx context.Context, key string, window time.Duration) (int64, error) {
	n, err := r.count.Run(ctx, r.client, []string{r.prefix + key}, window.Milliseconds()).Int64()
	return n, unavailable(ctx, err)
}

// Spend takes one of a budget. Its window ends by Redis's own clock.
func (r *Redis) Spend(ctx context.Context, key string, limit int64, window time.Duration) (bool, error) {
	n, err := r.spend.Run(ctx, r.client, []string{r.prefix + key}, limit, max(window.Milliseconds(), 1)).Int64()
	return n == 1, unavailable(ctx, err)
}

// Refund gives one back.
func (r *Redis) Refund(ctx context.Context, key string) error {
	return unavailable(ctx, r.refund.Run(ctx, r.client, []string{r.prefix + key}).Err())
}

// Ping checks that the server responds; in a Cluster, every master.
func (r *Redis) Ping(ctx context.Context) error {
	if c, ok := r.client.(*redis.ClusterClient); ok {
		return unavailable(ctx, c.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return node.Ping(ctx).Err() }))
	}
	return unavailable(ctx, r.client.Ping(ctx).Err())
}

// Time returns the server's time; in a Cluster, that of one node.
func (r *Redis) Time(ctx context.Context) (time.Time, error) {
	at, err := r.client.Time(ctx).Result()
	return at, unavailable(ctx, err)
}

// Close ends the connections.
func (r *Redis) Close() error { return r.client.Close() }

// unavailable converts every failure of the transport or the server to ErrUnavailable, except the
// caller's cancellation.
func unavailable(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
