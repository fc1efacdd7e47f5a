// Package logging creates the process's logger.
//
// It owns the format. Callers decide what is logged; secrets print as [redacted] by their type.
package logging

import (
	"context"
	"errors"
	"io"
	"log/slog"
)

// Config is the section `log` of the configuration.
type Config struct {
	Level  string `koanf:"level" help:"debug, info, warn or error"`
	Format string `koanf:"format" help:"json or text"`
}

// Validate reports an unknown level or format.
func (c Config) Validate() error {
	_, err := New(io.Discard, c)
	return err
}

// Source returns the attributes of a request for its log line. It is called only for lines that are
// written.
type Source func(ctx context.Context) []slog.Attr

// New creates a logger that adds the sources' attributes to every line.
func New(w io.Writer, c Config, sources ...Source) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return nil, errors.New("log.level must be debug, info, warn or error")
	}
	options := &slog.HandlerOptions{Level: level}
	switch c.Format {
	case "json":
		return slog.New(handler{slog.NewJSONHandler(w, options), sources}), nil
	case "text":
		return slog.New(handler{slog.NewTextHandler(w, options), sources}), nil
	}
	return nil, errors.New("log.format must be json or text")
}

// handler adds the sources' attributes.
type handler struct {
	slog.Handler

	sources []Source
}

// Handle is slog.Handler.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	for _, source := range h.sources {
		r.AddAttrs(source(ctx)...)
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs is slog.Handler.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs), h.sources}
}

// WithGroup is slog.Handler.
func (h handler) WithGroup(name string) slog.Handler {
	return handler{h.Handler.WithGroup(name), h.sources}
}
