package shortlived

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/redis/go-redis/v9"
)

// once keeps a Cluster's client from sending a command again whose reply was lost: it may have been done. What a node answered,
// such as where the slot is now, and a connection that was never made, are followed by another attempt.
type once struct{}

// DialHook is part of redis.Hook.
func (once) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook is part of redis.Hook.
func (once) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { return final(next(ctx, cmd)) }
}

// ProcessPipelineHook is part of redis.Hook.
func (once) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { return final(next(ctx, cmds)) }
}

// final hides from the library the errors after which it would send a command again that may have been done.
func final(err error) error {
	var answered redis.Error
	var network *net.OpError
	if err == nil || errors.As(err, &answered) || errors.As(err, &network) && network.Op == "dial" || errors.Is(err, redis.ErrPoolTimeout) {
		return err
	}
	return lostReply{err.Error()}
}

// lostReply is an error without what it wraps.
type lostReply struct{ text string }

// Error is part of error.
func (e lostReply) Error() string { return e.text }

// logger writes what the client library reports as lines of ours.
type logger struct{ to *slog.Logger }

// Printf is what the library calls.
func (l logger) Printf(ctx context.Context, format string, args ...any) {
	l.to.InfoContext(ctx, "redis client reports", "report", fmt.Sprintf(format, args...))
}
