package document

import (
	"context"
	"slices"

	"github.com/vidocu/usher/services/authz/internal/client"
)

// Registry is the store of the clients that are registered here.
type Registry interface {
	Find(ctx context.Context, id string) (client.Registration, error)
	Credentials(ctx context.Context, id string) (client.Record, error)
	List(ctx context.Context, ids []string) ([]client.Registration, error)
	// DocumentDisabled reports whether an operator disabled the client of a document.
	DocumentDisabled(ctx context.Context, id string) (bool, error)
}

// Clients are the clients that are registered here together with those of documents.
type Clients struct {
	Registered Registry
	Documents  *Documents
}

// Find returns a client for a new authorization. It returns client.ErrUnknown, or a *Failure of a
// client's document.
func (c Clients) Find(ctx context.Context, id string) (client.Registration, error) {
	if !client.IsDocument(id) {
		return c.Registered.Find(ctx, id)
	}
	found, err := c.Documents.Find(ctx, id)
	return c.withState(ctx, found, err)
}

// withState adds to the client of a document whether it is disabled.
func (c Clients) withState(ctx context.Context, found client.Registration, err error) (client.Registration, error) {
	if err == nil {
		found.Disabled, err = c.Registered.DocumentDisabled(ctx, found.ID)
	}
	if err != nil {
		return client.Registration{}, err
	}
	return found, nil
}

// FindKnown is Find without a request to the host of a document: of a document it uses the copy that
// is at hand, and returns client.ErrUnknown if there is none.
func (c Clients) FindKnown(ctx context.Context, id string) (client.Registration, error) {
	if !client.IsDocument(id) {
		return c.Registered.Find(ctx, id)
	}
	if f := c.Documents.newest(ctx, id); f.client.ID != "" && c.Documents.Accepts(id) {
		return c.withState(ctx, f.client, nil)
	}
	return client.Registration{}, client.ErrUnknown
}

// Accepts reports whether the client of a document may still be used: the operator's settings accept
// it, and it is not disabled.
func (c Clients) Accepts(ctx context.Context, id string) (bool, error) {
	if !c.Documents.Accepts(id) {
		return false, nil
	}
	disabled, err := c.Registered.DocumentDisabled(ctx, id)
	return err == nil && !disabled, err
}

// Credentials returns a client with the fields that its authentication needs. It returns
// client.ErrUnknown, or a *Failure of a client's document.
func (c Clients) Credentials(ctx context.Context, id string) (client.Record, error) {
	if !client.IsDocument(id) {
		return c.Registered.Credentials(ctx, id)
	}
	record, err := c.Documents.Credentials(ctx, id)
	if err == nil {
		record.Disabled, err = c.Registered.DocumentDisabled(ctx, id)
	}
	if err != nil {
		return client.Record{}, err
	}
	return record, nil
}

// List returns the clients of the identifiers. It omits unknown ones, and clients of documents of
// which there is no copy: a list requests no document.
func (c Clients) List(ctx context.Context, ids []string) ([]client.Registration, error) {
	registered := slices.DeleteFunc(slices.Clone(ids), client.IsDocument)
	list, err := c.Registered.List(ctx, registered)
	if err != nil || len(registered) == len(ids) {
		return list, err
	}
	for _, id := range ids {
		if !client.IsDocument(id) || !c.Documents.Accepts(id) {
			continue
		}
		if f := c.Documents.newest(ctx, id); f.client.ID != "" {
			list = append(list, client.Registration{Client: f.client.Client, Scope: f.client.Scope})
		}
	}
	return list, nil
}
