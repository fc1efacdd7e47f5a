package shortlived

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/redis/go-redis/v9"
)

// once prevents a Cluster's client from retrying a command whose reply was lost: it may have been
// executed. After a reply from a node, such as a moved slot, and after a failed connection attempt,
// a retry is safe.
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

// final hides errors from the library after which it would retry a command that may have been
// executed.
func final(err error) error {
	var answered redis.Error
	var network *net.OpError
	if err == nil || errors.As(err, &answered) || errors.As(err, &network) && network.Op == "dial" || errors.Is(err, redis.ErrPoolTimeout) {
		return err
	}
	return errors.New(err.Error())
}

// logger writes the client library's messages to our log.
type logger struct{ to *slog.Logger }

// Printf is called by the library.
func (l logger) Printf(ctx context.Context, format string, args ...any) {
	l.to.InfoContext(ctx, "redis client reports", "report", fmt.Sprintf(format, args...))
}
