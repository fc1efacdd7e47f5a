package flow_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/document"
	"github.com/vidocu/usher/services/authz/internal/flow"
	"github.com/vidocu/usher/services/authz/internal/pending"
)

const documentID = "https://client.example/client.json"

// documents has the client of one document, which changes.
type documents struct {
	found  client.Registration
	err    error
	refuse bool
}

// Find is flow.Clients.
func (d *documents) Find(context.Context, string) (client.Registration, error) { return d.found, d.err }

// FindKnown is flow.Clients.
func (d *documents) FindKnown(context.Context, string) (client.Registration, error) {
	return d.found, d.err
}

// Accepts is flow.Clients.
func (d *documents) Accepts(context.Context, string) (bool, error) { return !d.refuse, nil }

func newDocuments() *documents {
	found := authztest.Client(authztest.Native)
	found.ID, found.Unverified, found.SelfRegistered = documentID, true, true
	return &documents{found: found}
}

func documentQuery(change ...string) string {
	return authztest.NativeQuery(append([]string{"client_id", documentID}, change...)...)
}

// TestN5_5_TheDocumentOfTheStartIsPinned: it may change or vanish while the user decides. Only the
// operator's policy ends the request.
func TestN5_5_TheDocumentOfTheStartIsPinned(t *testing.T) {
	for what, change := range map[string]func(*documents){
		"other redirect URIs": func(d *documents) { d.found.RedirectURIs = []string{"https://client.example/other"} },
		"a host that is down": func(d *documents) { d.err = &document.Failure{Kind: document.Unreadable, Detail: "down"} },
		"no client any more":  func(d *documents) { d.err = &document.Failure{Kind: document.Invalid, Detail: "empty"} },
	} {
		clients := newDocuments()
		b := over(clients)
		id := b.bound(t, documentQuery())
		change(clients)
		got := parseResponse(t, b.complete(t, b.approve(id)), authztest.Loopback)
		if !got.Has("code") {
			t.Errorf("%s: the response is %v", what, got)
		}
	}
	clients := newDocuments()
	b := over(clients)
	id := b.bound(t, documentQuery())
	clients.refuse = true
	_, err := b.Complete(t.Context(), b.approve(id))
	if !errors.Is(err, pending.ErrNotFound) || cause.Of(err) != cause.AuthorizationClientChanged {
		t.Errorf("a host that the operator no longer accepts: %v", err)
	}
}

// TestN5_9_ThePageSaysWhatIsWrong: with the host and the fault, and never a redirect.
func TestN5_9_ThePageSaysWhatIsWrong(t *testing.T) {
	for _, row := range []struct {
		failure document.Failure
		cause   cause.Cause
		text    string
	}{
		{document.Failure{Kind: document.Unreadable, Host: "client.example", Detail: "down", Temporary: true}, cause.ClientDocumentUnreadable, "We could not read the app's description at %s. For its author: %s."},
		{document.Failure{Kind: document.Invalid, Host: "client.example", Detail: "empty"}, cause.ClientDocumentInvalid, "The app's description at %s is wrong. For its author: %s."},
		{document.Failure{Kind: document.NotAccepted, Host: "client.example", Detail: "no"}, cause.ClientDocumentNotAccepted, "This app describes itself at %s, and such a description is not accepted here. For its author: %s."},
	} {
		b := over(&documents{err: &row.failure})
		step := b.start(t, documentQuery(), b.signedIn())
		if step.Kind != flow.ErrorPage || step.Message != row.text || !slices.Equal(step.Names, []string{row.failure.Host, row.failure.Detail}) ||
			step.Temporary != row.failure.Temporary || step.Refusal != (flow.Refusal{Cause: row.cause}) {
			t.Errorf("%s: the step is %+v", row.failure.Kind, step)
		}
	}
}

// TestN1_1_WithoutAScopeTheResourcesSayWhatIsNeeded, for a client that is not registered here.
func TestN1_1_WithoutAScopeTheResourcesSayWhatIsNeeded(t *testing.T) {
	b := over(newDocuments())
	id := b.bound(t, documentQuery("scope", ""))
	p, err := b.Pending.Find(t.Context(), id, b.token)
	if err != nil || !slices.Equal(p.Scope, oauth.Scope{"videos:read"}) {
		t.Errorf("the scope is %v, %v", p.Scope, err)
	}
}
