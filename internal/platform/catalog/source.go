package catalog

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/vidocu/usher/sdk/enforce"
)

// lookEvery is how often a Source looks at its file. It looks at the content and at nothing else, so that it sees a file
// written over, one renamed into place and a symbolic link turned to another folder (Kubernetes) alike.
const lookEvery = time.Second

// Source hands out the catalog that counts at this moment. Its methods may be called concurrently.
type Source struct {
	current atomic.Pointer[Catalog]
	config  SourceConfig
	// seen is the content at the last look, and judged the last that was taken or refused. Run alone uses them.
	seen, judged content
}

// SourceConfig is what a Source stands on.
type SourceConfig struct {
	// Path is the operator's file; empty is the catalog that is compiled in, which never changes.
	Path string
	// Logger hears of each change and, once, of each file that cannot be used; nil for nobody.
	Logger *slog.Logger
	// Changed hears of the first catalog and of every later one; nil for nobody.
	Changed func(*Catalog)
}

// content is a look at the file: the hash of what it says, or why it cannot be read.
type content struct {
	sum   [sha256.Size]byte
	fault string
}

// Open reads the catalog. It fails as Load does: a process does not start with a catalog that says something impossible.
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
	s.judged = s.seen
	s.take(c)
	return s, nil
}

// Fixed is a source of one catalog for ever.
func Fixed(c *Catalog) *Source {
	s := &Source{}
	s.current.Store(c)
	return s
}

// Current is the catalog of this moment. Whoever needs several of its facts to fit together asks once.
func (s *Source) Current() *Catalog { return s.current.Load() }

// Known is Catalog.Known at this moment.
func (s *Source) Known(name string) bool { return s.Current().Known(name) }

// KnownPlan is Catalog.KnownPlan at this moment.
func (s *Source) KnownPlan(name string) bool { return s.Current().KnownPlan(name) }

// Describe is Catalog.Describe at this moment.
func (s *Source) Describe(name string) (description string, ok bool) {
	return s.Current().Describe(name)
}

// Scopes is Catalog.Scopes at this moment.
func (s *Source) Scopes() []Scope { return s.Current().Scopes() }

// Names are the names of Scopes, in their order.
func (s *Source) Names() []string { return s.Current().Names() }

// Rules is Catalog.Rules at this moment.
func (s *Source) Rules() *enforce.Rules { return s.Current().Rules() }

// Digest is Catalog.Digest at this moment.
func (s *Source) Digest() string { return s.Current().Digest() }

// Run follows the file until ctx ends. A file that cannot be used changes nothing: the catalog before it goes on counting.
func (s *Source) Run(ctx context.Context) error {
	if s.config.Path == "" {
		return nil
	}
	tick := time.NewTicker(lookEvery)
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

// look judges what the file says once two looks have seen the same, so that one that is being written is not read half.
func (s *Source) look(ctx context.Context) {
	text, err := read(s.config.Path)
	now := content{sum: sha256.Sum256(text)}
	if err != nil {
		now = content{fault: err.Error()}
	}
	settled := now == s.seen
	s.seen = now
	if !settled || now == s.judged {
		return
	}
	s.judged = now
	var c *Catalog
	if err == nil {
		c, err = parseFile(s.config.Path, text)
	}
	if err != nil {
		s.config.Logger.ErrorContext(ctx, "the catalog's new file cannot be used: the one before goes on counting",
			"error", err, "digest", s.Digest())
		return
	}
	s.take(c)
}

func (s *Source) take(c *Catalog) {
	before := s.current.Swap(c)
	if before != nil && before.Digest() == c.Digest() {
		return
	}
	s.config.Logger.Info("catalog", "digest", c.Digest(), "file", s.config.Path,
		"scopes", len(c.scopes), "endpoints", len(c.endpoints), "plans", len(c.plans))
	if s.config.Changed != nil {
		s.config.Changed(c)
	}
}
