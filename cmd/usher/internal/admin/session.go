package admin

import (
	"errors"
	"io"
	"time"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/run"
)

// Options are the flags that every administration command understands.
type Options struct {
	Output  string        `help:"Output format of administration commands: table or json." enum:"table,json" default:"table" short:"o" placeholder:"FORMAT"`
	Wide    bool          `help:"Do not cut tables to the width of the terminal."`
	Timeout time.Duration `help:"Timeout of each call to a service." default:"10s"`
}

// Validate is called by kong: it refuses flags that cannot be used.
func (o *Options) Validate() error {
	if o.Timeout <= 0 {
		return errors.New("--timeout must be longer than 0, such as 10s")
	}
	return nil
}

// Streams are the standard streams of a command.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Session is one run of a command: its streams, its flags and its connections.
type Session struct {
	Streams

	options  *Options
	settings func() (*run.Settings, error)
	conns    map[string]connection
}

// New makes a session. The options are parsed, and the settings read, by the time a command runs.
func New(streams Streams, options *Options, settings func() (*run.Settings, error)) *Session {
	return &Session{Streams: streams, options: options, settings: settings, conns: map[string]connection{}}
}

// Close closes the session's connections.
func (s *Session) Close() error {
	var errs []error
	for _, conn := range s.conns {
		errs = append(errs, conn.Close())
	}
	return errors.Join(errs...)
}

// The clients below connect with their first call.

// identity is administration of users and workspaces that revokes nothing.
func (s *Session) identity() identityv1.AdministrationServiceClient {
	return identityv1.NewAdministrationServiceClient(remote{s, "identity"})
}

// authz is administration of clients that revokes nothing.
func (s *Session) authz() authzv1.AdministrationServiceClient {
	return authzv1.NewAdministrationServiceClient(remote{s, "authz"})
}

// reviews reviews the clients that workspaces registered.
func (s *Session) reviews() authzv1.ReviewServiceClient {
	return authzv1.NewReviewServiceClient(remote{s, "authz"})
}

// registrations issues the tokens with which clients register themselves.
func (s *Session) registrations() authzv1.RegistrationServiceClient {
	return authzv1.NewRegistrationServiceClient(remote{s, "authz"})
}

// inspection reads grants, tokens and the revocation log.
func (s *Session) inspection() tokenv1.OversightServiceClient {
	return tokenv1.NewOversightServiceClient(remote{s, "token"})
}

// revocation is administration that revokes access.
func (s *Session) revocation() tokenv1.EndingServiceClient {
	return tokenv1.NewEndingServiceClient(remote{s, "token"})
}

// workspaceKeys is administration of the API keys of a workspace.
func (s *Session) workspaceKeys() tokenv1.WorkspaceKeyServiceClient {
	return tokenv1.NewWorkspaceKeyServiceClient(remote{s, "token"})
}

// workspaces is administration of the clients of workspaces.
func (s *Session) workspaces() consentv1.WorkspaceServiceClient {
	return consentv1.NewWorkspaceServiceClient(remote{s, "consent"})
}
