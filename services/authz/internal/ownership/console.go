package ownership

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/registry"
)

// Console is what the team of a client may do. Each method takes the value of a session, and returns
// ErrSignedOut for an invalid one. A client that is not the user's to manage is client.ErrUnknown, as one
// that does not exist.
type Console struct {
	People   People
	Registry registry.Clients
	Store    Store
	Audience Audience
	// Acting returns a context in which a user is the actor of changes.
	Acting func(ctx context.Context, userID string) context.Context
	// Limit is how many clients a workspace may have; 0 is any number.
	Limit int
	// ReadKeys reads the keys at a client's jwks_uri.
	ReadKeys func(ctx context.Context, address string) ([]client.Key, error)
	// AllowTest limits how often a user has keys read.
	AllowTest func(ctx context.Context, userID string) error
}

// ConflictError is a change that does not fit what is stored. Its text says what the user can do.
type ConflictError struct{ Field, Text string }

// Error returns the text.
func (e *ConflictError) Error() string { return e.Text }

// OwnedClient is a client with everything that its team may see.
type OwnedClient struct {
	registry.Client
	Workspace Workspace
	// Users is how many have approved it, at most MaxCounted, and MoreUsers whether there are more.
	Users     int
	MoreUsers bool
	// UsersLimit is how many may approve it; 0 is any number.
	UsersLimit int
	Testers    []Tester
	Uses       map[string]time.Time
}

// MaxCounted is how many users of a client are counted: a page must not cost more for a client that has
// millions of them.
const MaxCounted = 10_000

// withUsers returns the client with a count of at most MaxCounted + 1.
func (c OwnedClient) withUsers(count int) OwnedClient {
	c.Users, c.MoreUsers = min(count, MaxCounted), count > MaxCounted
	return c
}

// keptUses is how old a use of a redirect URI may be that is returned.
const keptUses = 90 * 24 * time.Hour

// List returns the workspaces in which the user manages clients, and these clients.
func (c Console) List(ctx context.Context, session secret.String) (Person, []Workspace, []OwnedClient, error) {
	person, err := c.People.Person(ctx, session)
	if err != nil {
		return Person{}, nil, nil, err
	}
	var apps []OwnedClient
	for _, w := range person.manages() {
		list, people, err := c.Store.ListOwned(ctx, w.ID, MaxCounted+1)
		if err != nil {
			return Person{}, nil, nil, err
		}
		for _, one := range list {
			app := OwnedClient{Client: one, Workspace: w, UsersLimit: c.Audience.limit(one.Registration)}
			apps = append(apps, app.withUsers(people[one.ID]))
		}
	}
	return person, person.manages(), apps, nil
}

// Get returns a client with everything that its team may see.
func (c Console) Get(ctx context.Context, session secret.String, clientID string) (Person, OwnedClient, error) {
	ctx, person, app, err := c.find(ctx, session, clientID)
	if err != nil {
		return Person{}, OwnedClient{}, err
	}
	people, err := c.Store.CountOwnedUsers(ctx, clientID, MaxCounted+1)
	if err != nil {
		return Person{}, OwnedClient{}, err
	}
	app = app.withUsers(people)
	if app.Testers, err = c.Store.Testers(ctx, clientID); err != nil {
		return Person{}, OwnedClient{}, err
	}
	app.Uses, err = c.Store.RedirectURIUses(ctx, clientID, keptUses)
	return person, app, err
}

// person returns the user of a session, who is the actor of the context that it returns.
func (c Console) person(ctx context.Context, session secret.String) (context.Context, Person, error) {
	person, err := c.People.Person(ctx, session)
	if err == nil {
		ctx = c.Acting(ctx, person.UserID)
	}
	return ctx, person, err
}

// find returns a client that the user of a session manages, and a context in which that user is the actor.
func (c Console) find(ctx context.Context, session secret.String, clientID string) (context.Context, Person, OwnedClient, error) {
	ctx, person, err := c.person(ctx, session)
	if err != nil {
		return ctx, Person{}, OwnedClient{}, err
	}
	if !client.ValidID(clientID) {
		return ctx, Person{}, OwnedClient{}, client.ErrUnknown
	}
	found, err := c.Store.FindClient(ctx, clientID)
	if err != nil {
		return ctx, Person{}, OwnedClient{}, err
	}
	workspace, member := person.team(found.Owner.WorkspaceID)
	if !member {
		return ctx, Person{}, OwnedClient{}, client.ErrUnknown
	}
	return ctx, person, OwnedClient{Client: found, Workspace: workspace, UsersLimit: c.Audience.limit(found.Registration)}, nil
}

// Create registers a client as a draft of a workspace. The secret is zero for a public client and for one
// with keys. It returns an *oauth.FieldError.
func (c Console) Create(ctx context.Context, session secret.String, workspaceID string, registration client.Registration, keys ...client.Key) (OwnedClient, secret.String, error) {
	ctx, person, err := c.person(ctx, session)
	if err != nil {
		return OwnedClient{}, secret.String{}, err
	}
	workspace, member := person.team(workspaceID)
	if !member {
		return OwnedClient{}, secret.String{}, oauth.InvalidField("workspace_id", "names no workspace in which you may register apps")
	}
	if err := operatorOnly(registry.Change{
		ResourceServer: flag(registration.ResourceServer), Reuse: registration.Reuse, WorkspaceID: registration.Service.WorkspaceID,
	}); err != nil {
		return OwnedClient{}, secret.String{}, err
	}
	registration.ID, registration.Unverified, registration.Status = client.NewID(), true, client.Draft
	registration.Owner = client.Owner{WorkspaceID: workspaceID, CreatedBy: person.UserID}
	if registration.May(oauth.ClientCredentialsGrant) {
		registration.Service.WorkspaceID = workspaceID
	}
	clear, record, err := c.Registry.Prepare(ctx, &registration, false, keys)
	if err != nil {
		return OwnedClient{}, secret.String{}, err
	}
	if record != nil {
		record.CreatedBy = person.UserID
	}
	err = c.Store.CreateOwned(ctx, Registration{Client: registration, Secret: record, Keys: keys, Limit: c.Limit})
	if errors.Is(err, ErrTooMany) {
		err = oauth.InvalidField("apps", fmt.Sprintf("are %d in this workspace already, which is the limit", c.Limit))
	}
	if err != nil {
		return OwnedClient{}, secret.String{}, err
	}
	return OwnedClient{Client: registry.Client{Registration: registration}, Workspace: workspace, UsersLimit: c.Audience.limit(registration)}, clear, nil
}

// flag returns a pointer to true, or nil.
func flag(set bool) *bool {
	if !set {
		return nil
	}
	return &set
}

// operatorOnly refuses what only the operator may set.
func operatorOnly(change registry.Change) error {
	for _, one := range []struct {
		field string
		set   bool
	}{
		{"resource_server", change.ResourceServer != nil},
		{"unverified", change.Unverified != nil},
		{"reuse", change.Reuse != ""},
		{"workspace_id", change.WorkspaceID != ""},
		{"allow_reserved_name", change.AllowReservedName},
	} {
		if one.set {
			return oauth.InvalidField(one.field, "is set by the operator")
		}
	}
	return nil
}

// Update changes a client. It returns an *oauth.FieldError, or a *ConflictError while the client waits for
// a review of what would change.
func (c Console) Update(ctx context.Context, session secret.String, change registry.Change) error {
	ctx, _, app, err := c.find(ctx, session, change.ClientID)
	if err != nil {
		return err
	}
	if err := operatorOnly(change); err != nil {
		return err
	}
	if reviewed(app.Registration, change) {
		if err := underReview(app); err != nil {
			return err
		}
		change.Reviewed, change.Unverified = true, flag(true) // also where a review verifies the client in this moment
	}
	after := client.Client{GrantTypes: change.GrantTypes}
	if app.Service.WorkspaceID == "" && after.May(oauth.ClientCredentialsGrant) {
		change.WorkspaceID = app.Owner.WorkspaceID
	}
	if err = c.Registry.UpdateClient(ctx, change); errors.Is(err, ErrSubmitted) {
		return waits()
	}
	return err
}

// reviewed reports whether a change concerns the identity, the scope or the hosts of the client, which a
// review is about.
func reviewed(before client.Registration, change registry.Change) bool {
	differs := func(text *string, from string) bool { return text != nil && *text != from }
	return change.Name != "" && change.Name != before.Name || differs(change.Publisher, before.Identity.Publisher) ||
		differs(change.ClientURI, before.Identity.ClientURI) || len(change.Scope.Missing(before.Scope)) > 0 ||
		client.AddsHost(before.RedirectURIs, change.RedirectURIs) ||
		client.AddsHost(slices.Concat(before.RedirectURIs, before.PostLogoutRedirectURIs), change.PostLogoutRedirectURIs)
}

// underReview returns a *ConflictError for a client that waits for a review.
func underReview(app OwnedClient) error {
	if app.Owner.SubmittedAt.IsZero() {
		return nil
	}
	return waits()
}

func waits() error {
	return &ConflictError{"status", "the app waits for its review: withdraw it before you change what is reviewed"}
}

// SetLogo replaces the logo of a client; no image removes it.
func (c Console) SetLogo(ctx context.Context, session secret.String, clientID string, image []byte) error {
	ctx, _, app, err := c.find(ctx, session, clientID)
	if err == nil {
		err = underReview(app)
	}
	if err == nil {
		err = c.Registry.SetLogo(ctx, clientID, image, true)
	}
	return err
}

// Submit asks the operator for a review, or withdraws that.
func (c Console) Submit(ctx context.Context, session secret.String, clientID string, withdraw bool) error {
	ctx, _, app, err := c.find(ctx, session, clientID)
	switch {
	case err != nil:
		return err
	case app.Disabled:
		return &ConflictError{"status", "the app is suspended or disabled"}
	case withdraw:
		return c.Store.Withdraw(ctx, clientID)
	}
	return c.Store.Submit(ctx, clientID)
}
