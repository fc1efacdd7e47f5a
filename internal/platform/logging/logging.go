// Package logging makes the process's logger.
//
// It owns the format. What is logged is its callers' business; secrets print as [redacted] by their type.
package logging

import (
	"errors"
	"io"
	"log/slog"
)

// Config is the section `log` of the configuration.
type Config struct {
	Level  string `koanf:"level" help:"debug, info, warn or error"`
	Format string `koanf:"format" help:"json or text"`
}

// Validate reports a level or a format that is none.
func (c Config) Validate() error {
	_, err := New(io.Discard, c)
	return err
}

// New makes a logger.
func New(w io.Writer, c Config) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return nil, errors.New("log.level must be debug, info, warn or error")
	}
	options := &slog.HandlerOptions{Level: level}
	switch c.Format {
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	}
	return nil, errors.New("log.format must be json or text")
}
