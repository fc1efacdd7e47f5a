package usher

import (
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/sdk/enforce"
)

// revocationSet is a set of revocations, so that one pass over the cache applies them all. A
// revocation that is incomplete, or of a kind that this version does not implement, matches every
// entry: evicting too many entries is always safe.
type revocationSet struct {
	all, userTokens, inactive          bool
	tokens                             map[key]bool
	grants, users, clients, workspaces map[string]bool
	userClients /* user, client */, members/* user, workspace */ map[[2]string]bool
}

func newRevocationSet(revocations ...*tokenv1.Revocation) *revocationSet {
	var s revocationSet
	for _, r := range revocations {
		s.add(r)
	}
	return &s
}

func (s *revocationSet) add(r *tokenv1.Revocation) {
	switch r.GetKind() {
	case tokenv1.RevocationKind_REVOCATION_KIND_TOKEN:
		s.addToken(r.GetTokenHash())
	case tokenv1.RevocationKind_REVOCATION_KIND_GRANT:
		s.addName(&s.grants, string(r.GetGrantId()))
	case tokenv1.RevocationKind_REVOCATION_KIND_PAIR:
		s.addTwo(&s.userClients, r.GetUserId(), r.GetClientId())
	case tokenv1.RevocationKind_REVOCATION_KIND_USER:
		s.addName(&s.users, r.GetUserId())
	case tokenv1.RevocationKind_REVOCATION_KIND_MEMBER:
		s.addTwo(&s.members, r.GetUserId(), r.GetWorkspaceId())
	case tokenv1.RevocationKind_REVOCATION_KIND_CLIENT:
		s.addName(&s.clients, r.GetClientId())
	case tokenv1.RevocationKind_REVOCATION_KIND_WORKSPACE:
		s.addName(&s.workspaces, r.GetWorkspaceId())
		s.inactive = true // not a revocation: the workspace changed, and tokens may have become active
	case tokenv1.RevocationKind_REVOCATION_KIND_AUTHENTICATION_APP:
		s.userTokens = true
	case tokenv1.RevocationKind_REVOCATION_KIND_UNSPECIFIED:
		s.all = true
	default:
		s.all = true
	}
}

func (s *revocationSet) addToken(hash []byte) {
	var k key
	if copy(k[:], hash) != len(k) || len(hash) != len(k) {
		s.all = true
		return
	}
	if s.tokens == nil {
		s.tokens = map[key]bool{}
	}
	s.tokens[k] = true
}

func (s *revocationSet) addName(names *map[string]bool, name string) {
	if name == "" {
		s.all = true
		return
	}
	if *names == nil {
		*names = map[string]bool{}
	}
	(*names)[name] = true
}

func (s *revocationSet) addTwo(names *map[[2]string]bool, user, other string) {
	if user == "" || other == "" {
		s.all = true
		return
	}
	if *names == nil {
		*names = map[[2]string]bool{}
	}
	(*names)[[2]string{user, other}] = true
}

// needsScan reports whether entries must be scanned, because not all revocations name a token.
func (s *revocationSet) needsScan() bool {
	return s.userTokens || len(s.grants)+len(s.users)+len(s.clients)+len(s.workspaces)+len(s.userClients)+len(s.members) > 0
}

// matches reports whether a cached entry must be evicted.
func (s *revocationSet) matches(e *entry) bool {
	if s.all || s.tokens[e.key] {
		return true
	}
	t := e.token
	if t == nil {
		return s.inactive
	}
	return s.grants[e.grant] || s.users[t.Subject] || s.clients[t.ClientID] || s.matchesWorkspace(t) ||
		s.userTokens && t.Kind == enforce.UserToken || len(s.userClients) > 0 && s.userClients[[2]string{t.Subject, t.ClientID}]
}

// matchesWorkspace checks the token's workspace. A token without one is valid for all workspaces of
// its user.
func (s *revocationSet) matchesWorkspace(t *Token) bool {
	if t.WorkspaceID != "" {
		return s.workspaces[t.WorkspaceID] || len(s.members) > 0 && s.members[[2]string{t.Subject, t.WorkspaceID}]
	}
	if len(s.workspaces) > 0 {
		return true
	}
	for member := range s.members {
		if member[0] == t.Subject {
			return true
		}
	}
	return false
}
