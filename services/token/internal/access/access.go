// Package access decides whether a token may call an endpoint (docs/wire-contract.md §6).
//
// It owns the order of the checks: the token and its key, then the path, then the scope, then the plan. The
// path matcher and the text of each denial are in sdk/enforce, which every entry point uses. It
// never speaks gRPC or HTTP.
package access

import (
	"context"
	"errors"
	"strings"

	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/services/token/internal/introspect"
)

// Tokens introspects bearer tokens.
type Tokens interface {
	// Live returns the facts of an access token, an API key or a user token, with the plan of its
	// workspace. introspect.ErrInactive for a token that is not live, such as a key whose workspace
	// is gone; introspect.ErrAddress for a key that may not be used from the source, an address that is
	// empty where it is not known; any other error when that cannot be determined.
	Live(ctx context.Context, token, source string) (introspect.Facts, error)
}

// Decider decides whether requests may call their endpoints. Its methods may be called
// concurrently.
type Decider struct {
	Tokens Tokens
	// Rules returns the rules of the current catalog.
	Rules func() *enforce.Rules
	// Proofs checks the proofs of tokens that are bound to a key.
	Proofs *enforce.Proofs
}

// Request is a request to an API.
type Request struct {
	// Credential is what the request authenticates with.
	Credential enforce.Credential
	// Method is the HTTP method, and Path the path of the request line, undecoded and without the
	// query.
	Method, Path string
	// Source is the address that the request came from; empty where it is not known.
	Source string
}

// Decide returns a denial, or nil and the identity to forward with the request. It fails when the
// decision cannot be made.
func (d Decider) Decide(ctx context.Context, r Request) (enforce.Identity, *enforce.Denial, error) {
	rules := d.Rules()
	if r.Credential.Token == "" || r.Credential.Token == enforce.Malformed {
		return enforce.Identity{}, rules.Challenge(r.Credential.Inactive(), r.Method, r.Path), nil
	}
	facts, err := d.Tokens.Live(ctx, r.Credential.Token, r.Source)
	switch {
	case errors.Is(err, introspect.ErrAddress):
		return enforce.Identity{}, rules.Challenge(enforce.OtherAddress(), r.Method, r.Path), nil
	case errors.Is(err, introspect.ErrInactive):
		return enforce.Identity{}, rules.Challenge(r.Credential.Inactive(), r.Method, r.Path), nil
	}
	if err != nil {
		return enforce.Identity{}, nil, err
	}
	if facts.Thumbprint != "" || r.Credential.DPoP {
		call := enforce.Call{Method: r.Method, Origin: rules.Origin(r.Path), Path: r.Path}
		if denial := d.Proofs.Confirm(ctx, r.Credential, facts.Thumbprint, call); denial != nil {
			return enforce.Identity{}, rules.Challenge(denial, r.Method, r.Path), nil
		}
	}
	var room [16]string // the scopes of most tokens, without the heap
	subject := enforce.Subject{Kind: facts.Kind, Plan: facts.Plan, Audience: facts.Resources, Bound: facts.Thumbprint != "", Proved: true}
	if facts.Scope != "" {
		subject.Scopes = split(room[:0], facts.Scope)
	}
	if denial := rules.Decide(subject, r.Method, r.Path); denial != nil {
		return enforce.Identity{}, denial, nil
	}
	return identity(facts), nil, nil
}

func identity(f introspect.Facts) enforce.Identity {
	who := enforce.Identity{Kind: f.Kind, Subject: f.KeyID, WorkspaceID: f.WorkspaceID, Scope: f.Scope, Audience: f.Resources.String()}
	if !f.Kind.IsAPIKey() {
		who.Subject, who.ClientID = f.UserID, f.ClientID
	}
	return who
}

// split appends the scopes of a space-separated list.
func split(to []string, scope string) []string {
	for scope != "" {
		var one string
		if one, scope, _ = strings.Cut(scope, " "); one != "" {
			to = append(to, one)
		}
	}
	return to
}
