package usher

import (
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/sdk/enforce"
)

// sweep is what some revocations end, gathered so that one pass over what is remembered serves them all. Where an entry does
// not say enough, or says what this version does not know, it ends everything: forgetting too much is always right.
type sweep struct {
	everything, userTokens, inactive   bool
	tokens                             map[key]bool
	grants, users, clients, workspaces map[string]bool
	pairs /* user, app */, members/* user, workspace */ map[[2]string]bool
}

func sweepOf(revocations ...*tokenv1.Revocation) *sweep {
	var s sweep
	for _, r := range revocations {
		s.add(r)
	}
	return &s
}

func (s *sweep) add(r *tokenv1.Revocation) {
	switch r.GetKind() {
	case tokenv1.RevocationKind_REVOCATION_KIND_TOKEN:
		s.addToken(r.GetTokenHash())
	case tokenv1.RevocationKind_REVOCATION_KIND_GRANT:
		s.note(&s.grants, string(r.GetGrantId()))
	case tokenv1.RevocationKind_REVOCATION_KIND_PAIR:
		s.noteTwo(&s.pairs, r.GetUserId(), r.GetClientId())
	case tokenv1.RevocationKind_REVOCATION_KIND_USER:
		s.note(&s.users, r.GetUserId())
	case tokenv1.RevocationKind_REVOCATION_KIND_MEMBER:
		s.noteTwo(&s.members, r.GetUserId(), r.GetWorkspaceId())
	case tokenv1.RevocationKind_REVOCATION_KIND_CLIENT:
		s.note(&s.clients, r.GetClientId())
	case tokenv1.RevocationKind_REVOCATION_KIND_WORKSPACE:
		s.note(&s.workspaces, r.GetWorkspaceId())
		s.inactive = true // nothing ended: what is known changed, for the better perhaps
	case tokenv1.RevocationKind_REVOCATION_KIND_AUTHENTICATION_APP:
		s.userTokens = true
	case tokenv1.RevocationKind_REVOCATION_KIND_UNSPECIFIED:
		s.everything = true
	default:
		s.everything = true
	}
}

func (s *sweep) addToken(hash []byte) {
	var k key
	if copy(k[:], hash) != len(k) || len(hash) != len(k) {
		s.everything = true
		return
	}
	if s.tokens == nil {
		s.tokens = map[key]bool{}
	}
	s.tokens[k] = true
}

func (s *sweep) note(names *map[string]bool, name string) {
	if name == "" {
		s.everything = true
		return
	}
	if *names == nil {
		*names = map[string]bool{}
	}
	(*names)[name] = true
}

func (s *sweep) noteTwo(names *map[[2]string]bool, user, other string) {
	if user == "" || other == "" {
		s.everything = true
		return
	}
	if *names == nil {
		*names = map[[2]string]bool{}
	}
	(*names)[[2]string{user, other}] = true
}

// wide reports whether more has to be looked through than single tokens.
func (s *sweep) wide() bool {
	return s.userTokens || len(s.grants)+len(s.users)+len(s.clients)+len(s.workspaces)+len(s.pairs)+len(s.members) > 0
}

// ends reports whether a remembered answer is to be forgotten.
func (s *sweep) ends(e *entry) bool {
	if s.everything || s.tokens[e.key] {
		return true
	}
	t := e.token
	if t == nil {
		return s.inactive
	}
	return s.grants[e.grant] || s.users[t.Subject] || s.clients[t.ClientID] || s.endsIn(t) ||
		s.userTokens && t.Kind == enforce.UserToken || len(s.pairs) > 0 && s.pairs[[2]string{t.Subject, t.ClientID}]
}

// endsIn judges by the workspace. A token without one is good for all of its user's.
func (s *sweep) endsIn(t *Token) bool {
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
