package catalog

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/sdk/enforce"
)

// pollInterval is how often a Source reads its file. It compares the content only, so that it
// detects a file written in place, one renamed into place and a symbolic link that points to
// another folder (Kubernetes) alike.
const pollInterval = time.Second

// Source returns the current catalog. Its methods may be called concurrently.
type Source struct {
	current atomic.Pointer[Catalog]
	config  SourceConfig
	// seen is the content at the last poll, and validated the last one that was accepted or
	// refused. Only Run uses them.
	seen, validated content
}

// SourceConfig configures a Source.
type SourceConfig struct {
	// Path is the operator's file; empty selects the compiled-in catalog, which never changes.
	Path string
	// APIURL is the origin of the API, of which resources of the file may be paths.
	APIURL string
	// OpenID adds the scopes of OpenID Connect.
	OpenID bool
	// Logger logs each change and, once, each invalid file; nil logs nothing.
	Logger *slog.Logger
	// Changed is called with the first catalog and with every later one; it may be nil.
	Changed func(*Catalog)
}

// content is the result of reading the file: a hash, or an error.
type content struct {
	sum   [sha256.Size]byte
	fault string
}

// Open reads the catalog. It fails as Load does: a process does not start with an invalid catalog.
func Open(config SourceConfig) (*Source, error) {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Source{config: config}
	if config.Path == "" {
		s.take(Default())
		return s, nil
	}
	text, err := read(config.Path)
	if err != nil {
		return nil, err
	}
	c, err := parseFile(config.Path, text)
	if err != nil {
		return nil, err
	}
	s.seen = content{sum: sha256.Sum256(text)}
	s.validated = s.seen
	s.take(c)
	return s, nil
}

// Fixed returns a source of one catalog that never changes.
func Fixed(c *Catalog) *Source {
	s := &Source{}
	s.current.Store(c)
	return s
}

// Current returns the current catalog. A caller that needs several consistent values calls it once.
func (s *Source) Current() *Catalog { return s.current.Load() }

// Known calls Catalog.Known on the current catalog.
func (s *Source) Known(name string) bool { return s.Current().Known(name) }

// KnownPlan calls Catalog.KnownPlan on the current catalog.
func (s *Source) KnownPlan(name string) bool { return s.Current().KnownPlan(name) }

// Describe calls Catalog.Describe on the current catalog.
func (s *Source) Describe(name string) (description string, ok bool) {
	return s.Current().Describe(name)
}

// Scope calls Catalog.Scope on the current catalog.
func (s *Source) Scope(name string) (scope Scope, ok bool) { return s.Current().Scope(name) }

// Scopes calls Catalog.Scopes on the current catalog.
func (s *Source) Scopes() []Scope { return s.Current().Scopes() }

// Names returns the names of Scopes, in their order.
func (s *Source) Names() []string { return s.Current().Names() }

// ResourceIDs calls Catalog.ResourceIDs on the current catalog.
func (s *Source) ResourceIDs() oauth.Resources { return s.Current().ResourceIDs() }

// ResourcesOf calls Catalog.ResourcesOf on the current catalog.
func (s *Source) ResourcesOf(server string) oauth.Resources { return s.Current().ResourcesOf(server) }

// DefaultResource calls Catalog.DefaultResource on the current catalog.
func (s *Source) DefaultResource() oauth.Resources { return s.Current().DefaultResource() }

// Belongs calls Catalog.Belongs on the current catalog.
func (s *Source) Belongs(scope string, ids oauth.Resources) bool {
	return s.Current().Belongs(scope, ids)
}

// IsOpenID calls Catalog.IsOpenID on the current catalog.
func (s *Source) IsOpenID(scope string) bool { return s.Current().IsOpenID(scope) }

// Minimum is Catalog.Minimum.
func (s *Source) Minimum(ids oauth.Resources) oauth.Scope { return s.Current().Minimum(ids) }

// Resources calls Catalog.Resources on the current catalog.
func (s *Source) Resources() []Resource { return s.Current().Resources() }

// Rules calls Catalog.Rules on the current catalog.
func (s *Source) Rules() *enforce.Rules { return s.Current().Rules() }

// Digest calls Catalog.Digest on the current catalog.
func (s *Source) Digest() string { return s.Current().Digest() }

// Run polls the file until ctx ends. An invalid file changes nothing: the previous catalog stays in
// use.
func (s *Source) Run(ctx context.Context) error {
	if s.config.Path == "" {
		return nil
	}
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.look(ctx)
		}
	}
}

// look validates the file once two polls have read the same content, so that a half-written file is
// never used.
func (s *Source) look(ctx context.Context) {
	text, err := read(s.config.Path)
	now := content{sum: sha256.Sum256(text)}
	if err != nil {
		now = content{fault: err.Error()}
	}
	settled := now == s.seen
	s.seen = now
	if !settled || now == s.validated {
		return
	}
	s.validated = now
	var c *Catalog
	if err == nil {
		c, err = parseFile(s.config.Path, text)
	}
	if err != nil {
		s.config.Logger.ErrorContext(ctx, "the catalog's new file is invalid: the previous one stays in use",
			"error", err, "digest", s.Digest())
		return
	}
	s.take(c)
}

func (s *Source) take(c *Catalog) {
	if s.config.OpenID {
		c = c.WithOpenID()
	}
	c = c.At(s.config.APIURL)
	before := s.current.Swap(c)
	if before != nil && before.Digest() == c.Digest() {
		return
	}
	s.config.Logger.Info("catalog", "digest", c.Digest(), "file", s.config.Path,
		"scopes", len(c.scopes), "endpoints", len(c.endpoints), "plans", len(c.plans), "resources", len(c.resources))
	if s.config.Changed != nil {
		s.config.Changed(c)
	}
}
