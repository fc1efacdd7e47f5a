package usher

import (
	"log/slog"
	"time"

	"google.golang.org/grpc"

	"github.com/vidocu/usher/sdk/enforce/dpop"
)

const (
	defaultCacheSize   = 65536
	defaultMaxAge      = time.Minute
	defaultNegativeAge = 10 * time.Second
)

type options struct {
	size                int
	maxAge, negativeAge time.Duration
	dial                []grpc.DialOption
	logger              *slog.Logger
	now                 func() time.Duration
	nonces              *dpop.Nonces
}

// Option changes a setting of a client.
type Option func(*options)

// WithCacheSize sets the maximum number of active tokens in the cache: 65,536 by default, each
// about half a kilobyte. 0 disables the cache: every call introspects.
func WithCacheSize(n int) Option { return func(o *options) { o.size = max(n, 0) } }

// WithMaxAge sets the maximum age of a cached response: 1 minute by default. It is only a fallback,
// because the revocation log evicts revoked tokens at once.
func WithMaxAge(d time.Duration) Option { return func(o *options) { o.maxAge = max(d, 0) } }

// WithNegativeAge sets the maximum age of a cached response for a token that is not active: 10 s by
// default.
func WithNegativeAge(d time.Duration) Option { return func(o *options) { o.negativeAge = max(d, 0) } }

// WithDialOptions adds options to the connection that Dial makes. New ignores it.
func WithDialOptions(opts ...grpc.DialOption) Option {
	return func(o *options) { o.dial = append(o.dial, opts...) }
}

// WithLogger sets the logger for the loss and the recovery of the revocation log; nothing is logged
// by default, and with nil. It never logs a token or its properties.
func WithLogger(logger *slog.Logger) Option { return func(o *options) { o.logger = logger } }

// WithProofNonces makes the proofs of tokens that are bound to a key need a nonce of this service (RFC 9449
// §9): CheckRequest denies a request without one, and the denial has a nonce for the next proof. All
// replicas share the key of the nonces.
func WithProofNonces(nonces *dpop.Nonces) Option { return func(o *options) { o.nonces = nonces } }

func settings(opts []Option) options {
	start := time.Now()
	o := options{
		size: defaultCacheSize, maxAge: defaultMaxAge, negativeAge: defaultNegativeAge,
		now: func() time.Duration { return time.Since(start) }, // monotonic, and cheaper than time.Now
	}
	for _, opt := range opts {
		opt(&o)
	}
	if o.logger == nil {
		o.logger = slog.New(slog.DiscardHandler)
	}
	return o
}
