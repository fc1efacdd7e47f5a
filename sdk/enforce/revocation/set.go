package revocation

import (
	"crypto/sha256"
	"slices"

	"github.com/vidocu/usher/sdk/enforce"
)

// Set holds revocations, so that one pass over a cache serves them all. The zero value is empty. It is not for concurrent use.
type Set struct {
	everything bool
	tokens     map[[sha256.Size]byte]struct{}
	// present are the kinds in the set but Token, and names what the revocations of each name: by the first identifier the second.
	present []Kind
	names   [kinds]map[string]seconds
}

// seconds are the second identifiers beside one first; of a kind with one identifier there is the empty one.
type seconds map[string]struct{}

// name is what a revocation names, but for a token: one or two identifiers.
type name struct{ first, second string }

// NewSet returns the set of some revocations.
func NewSet(revocations ...*Revocation) *Set {
	var s Set
	for _, r := range revocations {
		s.Add(r)
	}
	return &s
}

// Add adds a revocation.
func (s *Set) Add(r *Revocation) {
	n, ok := nameOf(r)
	if !ok {
		s.everything = true
		return
	}
	if r.Kind == Token {
		if s.tokens == nil {
			s.tokens = map[[sha256.Size]byte]struct{}{}
		}
		s.tokens[[sha256.Size]byte(r.TokenHash)] = struct{}{}
		return
	}
	s.add(r.Kind, n)
	// A token without a workspace is good for this one too.
	switch r.Kind {
	case Member:
		s.add(Member, name{first: r.UserID})
	case Workspace:
		s.add(Workspace, name{})
	}
}

func (s *Set) add(kind Kind, n name) {
	if s.names[kind] == nil {
		s.names[kind] = map[string]seconds{}
		s.present = append(s.present, kind)
	}
	if s.names[kind][n.first] == nil {
		s.names[kind][n.first] = seconds{}
	}
	s.names[kind][n.first][n.second] = struct{}{}
}

// nameOf returns what a revocation names; false where it does not say, or where its kind is not known.
func nameOf(r *Revocation) (n name, ok bool) {
	switch r.Kind {
	case Token:
		return n, len(r.TokenHash) == sha256.Size
	case Family:
		n.first = string(r.FamilyID)
	case UserClient:
		n.first, n.second = r.UserID, r.ClientID
		return n, n.first != "" && n.second != ""
	case User:
		n.first = r.UserID
	case Member:
		n.first, n.second = r.UserID, r.WorkspaceID
		return n, n.first != "" && n.second != ""
	case Client:
		n.first = r.ClientID
	case Workspace:
		n.first = r.WorkspaceID
	case AuthenticationApp:
		return n, true
	default:
		return n, false
	}
	return n, n.first != ""
}

// nameFor returns what a revocation of the kind names if it concerns the token; false where none of the kind can.
func nameFor(t *Cached, kind Kind) (n name, ok bool) {
	switch kind {
	case Family:
		n.first = t.FamilyID
	case UserClient:
		n.first, n.second = t.UserID, t.ClientID
	case User:
		n.first = t.UserID
	case Member:
		n.first, n.second = t.UserID, t.WorkspaceID
	case Client:
		n.first = t.ClientID
	case Workspace:
		n.first = t.WorkspaceID
	case AuthenticationApp:
		return n, t.Kind == enforce.UserToken
	}
	return n, true
}

// Everything reports whether every token is concerned.
func (s *Set) Everything() bool { return s.everything }

// Has reports whether there is a revocation of the kind.
func (s *Set) Has(kind Kind) bool {
	return kind == Token && len(s.tokens) > 0 || slices.Contains(s.present, kind)
}

// Wide reports whether there is a revocation of anything but single tokens: then a cache has to be looked through.
func (s *Set) Wide() bool { return s.everything || len(s.present) > 0 }

// Tokens calls yield with the hash of each single token.
func (s *Set) Tokens(yield func([sha256.Size]byte) bool) {
	for hash := range s.tokens {
		if !yield(hash) {
			return
		}
	}
}

// Ends reports whether a token has ended.
func (s *Set) Ends(t *Cached) bool { return s.concerns(t, false) }

// Outdates reports whether a cached response for a token, with the plan of its workspace in it, is out of date: the token has
// ended, or its workspace has changed.
func (s *Set) Outdates(t *Cached) bool { return s.concerns(t, true) }

func (s *Set) concerns(t *Cached, workspaces bool) bool {
	if s.everything {
		return true
	}
	if len(s.tokens) > 0 {
		if _, ended := s.tokens[*t.Hash]; ended {
			return true
		}
	}
	for _, kind := range s.present {
		if kind == Workspace && !workspaces {
			continue
		}
		n, ok := nameFor(t, kind)
		if !ok {
			continue
		}
		if _, named := s.names[kind][n.first][n.second]; named {
			return true
		}
	}
	return false
}
