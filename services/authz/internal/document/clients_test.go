package document_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/document"
)

// registered has every client with the identifier that is asked for.
type registered struct {
	reads []string
	// disabled is the client of a document that is disabled; down is the error of reading which one is.
	disabled string
	down     error
}

func (r *registered) Find(_ context.Context, id string) (client.Registration, error) {
	r.reads = append(r.reads, id)
	return client.Registration{Client: client.Client{ID: id}}, nil
}

func (r *registered) Credentials(_ context.Context, id string) (client.Record, error) {
	r.reads = append(r.reads, id)
	return client.Record{Client: client.Client{ID: id}}, nil
}

func (r *registered) DocumentDisabled(_ context.Context, id string) (bool, error) {
	return r.disabled == id, r.down
}

func (r *registered) List(_ context.Context, ids []string) (list []client.Registration, err error) {
	for _, id := range ids {
		r.reads = append(r.reads, id)
		list = append(list, client.Registration{Client: client.Client{ID: id}})
	}
	return list, nil
}

// TestADocumentIsNotLookedUpInTheRegistry, and a registered client is no document. A list has the
// documents of which there is a copy, and requests none.
func TestADocumentIsNotLookedUpInTheRegistry(t *testing.T) {
	b := newBench(t, listed())
	registry := &registered{}
	clients := document.Clients{Registered: registry, Documents: b.Documents}
	if c, err := clients.Find(t.Context(), id); err != nil || c.ID != id {
		t.Errorf("Find: %+v, %v", c, err)
	}
	if c, err := clients.Credentials(t.Context(), id); err != nil || c.ID != id || len(c.Secrets) != 0 {
		t.Errorf("Credentials: %+v, %v", c, err)
	}
	if c, err := clients.Find(t.Context(), "vdo_client_x"); err != nil || c.ID != "vdo_client_x" {
		t.Errorf("Find: %+v, %v", c, err)
	}
	list, err := clients.List(t.Context(), []string{"vdo_client_y", id, "https://client.example/unknown.json", "https://other.example/c"})
	if err != nil || len(list) != 2 || list[0].ID != "vdo_client_y" || list[1].Name != "client.example (“Claude”)" {
		t.Errorf("List: %+v, %v", list, err)
	}
	if !slices.Equal(registry.reads, []string{"vdo_client_x", "vdo_client_y"}) || b.host.count() != 1 {
		t.Errorf("the registry was asked for %v, the host %d times", registry.reads, b.host.count())
	}
}

// TestN5_ADisabledDocumentIsAClientThatIsDisabled, for every use of it; while that cannot be read the
// client is not used.
func TestN5_ADisabledDocumentIsAClientThatIsDisabled(t *testing.T) {
	b := newBench(t, listed())
	registry := &registered{}
	clients := document.Clients{Registered: registry, Documents: b.Documents}
	for _, disabled := range []string{"", id} {
		registry.disabled = disabled
		want := disabled != ""
		if c, err := clients.Find(t.Context(), id); err != nil || c.Disabled != want {
			t.Errorf("Find: %+v, %v", c, err)
		}
		if c, err := clients.FindKnown(t.Context(), id); err != nil || c.Disabled != want {
			t.Errorf("FindKnown: %+v, %v", c, err)
		}
		if c, err := clients.Credentials(t.Context(), id); err != nil || c.Disabled != want {
			t.Errorf("Credentials: %+v, %v", c, err)
		}
		if accepted, err := clients.Accepts(t.Context(), id); err != nil || accepted == want {
			t.Errorf("Accepts: %v, %v", accepted, err)
		}
	}
	registry.down = errors.New("down")
	_, findErr := clients.Find(t.Context(), id)
	_, knownErr := clients.FindKnown(t.Context(), id)
	_, credentialsErr := clients.Credentials(t.Context(), id)
	_, acceptsErr := clients.Accepts(t.Context(), id)
	for what, err := range map[string]error{"Find": findErr, "FindKnown": knownErr, "Credentials": credentialsErr, "Accepts": acceptsErr} {
		if !errors.Is(err, registry.down) {
			t.Errorf("%s: %v, want the failure", what, err)
		}
	}
}
