package admin

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/run"
)

// Options are the flags that every administration command understands.
type Options struct {
	Output  string        `help:"How administration commands print: table or json." enum:"table,json" default:"table" short:"o" placeholder:"FORMAT"`
	Timeout time.Duration `help:"How long a service may take to answer." default:"10s"`
}

// Validate is kong's: it reports flags that make no sense.
func (o *Options) Validate() error {
	if o.Timeout <= 0 {
		return errors.New("--timeout must be longer than nothing, such as 10s")
	}
	return nil
}

// Streams are where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Session is one run of a command: its streams, its flags and its connections.
type Session struct {
	Streams
	options  *Options
	settings func() (*run.Settings, error)
	conns    map[string]bounded
}

// New makes a session. The options are filled, and the settings read, by the time a command runs.
func New(streams Streams, options *Options, settings func() (*run.Settings, error)) *Session {
	return &Session{Streams: streams, options: options, settings: settings, conns: map[string]bounded{}}
}

// Close ends the session's connections.
func (s *Session) Close() error {
	var errs []error
	for _, conn := range s.conns {
		errs = append(errs, conn.Close())
	}
	return errors.Join(errs...)
}

// identity reaches administration that takes nothing away.
func (s *Session) identity() (identityv1.AdministrationServiceClient, error) {
	conn, err := s.dial("identity")
	return identityv1.NewAdministrationServiceClient(conn), err
}

// registry reaches administration of apps that takes nothing away.
func (s *Session) registry() (authzv1.AdministrationServiceClient, error) {
	conn, err := s.dial("authz")
	return authzv1.NewAdministrationServiceClient(conn), err
}

func (s *Session) oversight() (tokenv1.OversightServiceClient, error) {
	conn, err := s.dial("token")
	return tokenv1.NewOversightServiceClient(conn), err
}

func (s *Session) revocations() (tokenv1.RevocationServiceClient, error) {
	conn, err := s.dial("token")
	return tokenv1.NewRevocationServiceClient(conn), err
}

// ending reaches administration that takes access away.
func (s *Session) ending() (tokenv1.EndingServiceClient, error) {
	conn, err := s.dial("token")
	return tokenv1.NewEndingServiceClient(conn), err
}

func (s *Session) apiKeys() (tokenv1.ApiKeyServiceClient, error) {
	conn, err := s.dial("token")
	return tokenv1.NewApiKeyServiceClient(conn), err
}

func (s *Session) catalog() (tokenv1.CatalogServiceClient, error) {
	conn, err := s.dial("token")
	return tokenv1.NewCatalogServiceClient(conn), err
}

// bounded is a connection whose calls end in time and whose failures say what to fix.
type bounded struct {
	*grpc.ClientConn
	service, where string
	limit          time.Duration
}

// Invoke is part of grpc.ClientConnInterface.
func (b bounded) Invoke(ctx context.Context, method string, req, res any, opts ...grpc.CallOption) error {
	ctx, cancel := context.WithTimeout(ctx, b.limit)
	defer cancel()
	if err := b.ClientConn.Invoke(ctx, method, req, res, opts...); err != nil {
		return b.explain(method, err)
	}
	return nil
}

// NewStream is part of grpc.ClientConnInterface. A stream goes on until the caller leaves; its failures say what to fix too.
func (b bounded) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := b.ClientConn.NewStream(ctx, desc, method, opts...)
	if err != nil {
		return nil, b.explain(method, err)
	}
	return explained{ClientStream: stream, by: b, method: method}, nil
}

// explained is a stream whose failures say what to fix.
type explained struct {
	grpc.ClientStream
	by     bounded
	method string
}

// RecvMsg is part of grpc.ClientStream.
func (e explained) RecvMsg(m any) error {
	err := e.ClientStream.RecvMsg(m)
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return e.by.explain(e.method, err)
}
