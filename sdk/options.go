package usher

import (
	"log/slog"
	"time"

	"google.golang.org/grpc"
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
}

// Option changes a setting of a client.
type Option func(*options)

// WithCacheSize bounds how many live tokens are remembered: 65,536 unless told otherwise, each about half a kilobyte. 0 turns
// the memory off: every call asks.
func WithCacheSize(n int) Option { return func(o *options) { o.size = max(n, 0) } }

// WithMaxAge bounds how long an answer is used before the token service is asked again: 1 minute unless told otherwise. It
// is the net under the revocation log, not the rule: what is revoked is forgotten at once.
func WithMaxAge(d time.Duration) Option { return func(o *options) { o.maxAge = max(d, 0) } }

// WithNegativeAge bounds how long it is remembered that a token is not active: 10 s unless told otherwise.
func WithNegativeAge(d time.Duration) Option { return func(o *options) { o.negativeAge = max(d, 0) } }

// WithDialOptions adds options to the connection that Dial makes. New ignores it.
func WithDialOptions(opts ...grpc.DialOption) Option {
	return func(o *options) { o.dial = append(o.dial, opts...) }
}

// WithLogger tells when the revocation log is lost and found again. No token, and nothing that a token stands for, is ever logged.
func WithLogger(logger *slog.Logger) Option { return func(o *options) { o.logger = logger } }

func settings(opts []Option) options {
	start := time.Now()
	o := options{
		size: defaultCacheSize, maxAge: defaultMaxAge, negativeAge: defaultNegativeAge, logger: slog.New(slog.DiscardHandler),
		now: func() time.Duration { return time.Since(start) }, // monotonic, and cheaper than time.Now
	}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}
