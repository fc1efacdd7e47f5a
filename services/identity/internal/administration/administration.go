package administration

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/password"
)

// Store is the part of the store that administration changes and lists.
type Store interface {
	// CreateUser adds a user and answers it as it is kept. It fails with account.ErrAddressTaken.
	CreateUser(ctx context.Context, record account.Record) (account.User, error)
	// FindUser reads a user, disabled or not. It fails with account.ErrUnknown.
	FindUser(ctx context.Context, id string) (account.User, error)
	// FindRecord reads the user of an address, disabled or not. It fails with account.ErrUnknown.
	FindRecord(ctx context.Context, address account.Spelling) (account.Record, error)
	// AllWorkspaces lists a user's memberships by name, also those of a disabled user.
	AllWorkspaces(ctx context.Context, userID string) ([]account.Membership, error)
	// ListUsers reads users by address, at most so many, from behind an address.
	ListUsers(ctx context.Context, after account.Address, most int) ([]account.User, error)
	// EnableUser lets a user in again. It fails with account.ErrUnknown.
	EnableUser(ctx context.Context, id string) error
	// DisableUser keeps a user out and ends their browser sessions. It fails with account.ErrUnknown.
	DisableUser(ctx context.Context, id string) error
	// SetPassword replaces a password's string and ends the user's browser sessions. It fails with account.ErrUnknown.
	SetPassword(ctx context.Context, id string, hash secret.String) error
	// CreateWorkspace adds a workspace. It fails with account.ErrWorkspaceTaken.
	CreateWorkspace(ctx context.Context, w account.Workspace) error
	// ListWorkspaces reads workspaces by name, at most so many, from behind one.
	ListWorkspaces(ctx context.Context, after account.Workspace, most int) ([]account.Workspace, error)
	// SetPlan gives a workspace another plan. It fails with account.ErrUnknownWorkspace.
	SetPlan(ctx context.Context, workspaceID, plan string) error
	// AddMember makes a user a member, or gives a member another role. It fails with
	// account.ErrUnknownUserOrWorkspace.
	AddMember(ctx context.Context, userID, workspaceID string, role account.Role) error
	// RemoveMember ends a membership. It fails with account.ErrNotMember.
	RemoveMember(ctx context.Context, userID, workspaceID string) error
	// ListMembers reads a workspace's members by address. It fails with account.ErrUnknownWorkspace.
	ListMembers(ctx context.Context, workspaceID string) ([]account.WorkspaceMember, error)
}

// Passwords turns a password into what is kept of it.
type Passwords interface {
	// Hash fails with password.ErrUnusable, with password.ErrCharacters, or when it cannot be computed now.
	Hash(ctx context.Context, clear secret.String) (secret.String, error)
}

// Plans are those of the catalog.
type Plans interface {
	// KnownPlan reports whether a plan exists at this moment.
	KnownPlan(name string) bool
}

// Attempts counts attempts to sign in.
type Attempts interface {
	// Unlock gives an account all its attempts back.
	Unlock(ctx context.Context, address account.Address) error
}

// Desk is where operators' requests are checked. What needs no check is the store's own method.
type Desk struct {
	Store

	Passwords Passwords
	Plans     Plans
	Attempts  Attempts
}

// NewUser describes a user.
type NewUser struct {
	// EmailAddress is as typed.
	EmailAddress        string
	FirstName, LastName string
	// DisplayName is first and last name if it is empty.
	DisplayName string
	// Password is empty for a user who cannot sign in with one.
	Password secret.String
}

// AddUser adds a user. It fails with an *account.FieldError or with account.ErrAddressTaken.
func (d Desk) AddUser(ctx context.Context, n NewUser) (account.User, error) {
	record := account.Record{User: account.User{ID: secret.NewID("usr_")}}
	var err error
	if record.EmailAddress, err = Address(n.EmailAddress); err != nil {
		return account.User{}, err
	}
	if err := names(&record.User, n); err != nil {
		return account.User{}, err
	}
	if !n.Password.IsZero() {
		if record.PasswordHash, err = d.hash(ctx, n.Password); err != nil {
			return account.User{}, err
		}
	}
	return d.CreateUser(ctx, record)
}

// ChangePassword sets a user's password and ends their browser sessions. It fails with an *account.FieldError or with
// account.ErrUnknown.
func (d Desk) ChangePassword(ctx context.Context, userID string, clear secret.String) error {
	hash, err := d.hash(ctx, clear)
	if err != nil {
		return err
	}
	return d.SetPassword(ctx, userID, hash)
}

// UnlockUser lets a user who was throttled sign in at once. It fails with account.ErrUnknown.
func (d Desk) UnlockUser(ctx context.Context, userID string) error {
	user, err := d.FindUser(ctx, userID)
	if err != nil {
		return err
	}
	return d.Attempts.Unlock(ctx, user.EmailAddress)
}

func (d Desk) hash(ctx context.Context, clear secret.String) (secret.String, error) {
	if err := password.CheckNew(clear); err != nil {
		return secret.String{}, &account.FieldError{Field: "password", Fault: "must have at least 12 characters"}
	}
	hash, err := d.Passwords.Hash(ctx, clear)
	if errors.Is(err, password.ErrUnusable) {
		return secret.String{}, &account.FieldError{Field: "password", Fault: "must have at most 1024 bytes"}
	}
	if errors.Is(err, password.ErrCharacters) {
		return secret.String{}, &account.FieldError{
			Field: "password", Fault: "has a control character or an invisible one, which not every keyboard writes (RFC 8265 §4.2)",
		}
	}
	if err != nil {
		return secret.String{}, fmt.Errorf("hashing a password: %w", err)
	}
	return hash, nil
}

// AddWorkspace adds a workspace under its identifier or, if it has none, under a new one. It fails with an
// *account.FieldError or with account.ErrWorkspaceTaken.
func (d Desk) AddWorkspace(ctx context.Context, w account.Workspace) (account.Workspace, error) {
	var err error
	if w.Name, err = Name("name", w.Name); err != nil {
		return account.Workspace{}, err
	}
	if err := d.knownPlan(w.Plan); err != nil {
		return account.Workspace{}, err
	}
	if w.ID == "" {
		w.ID = secret.NewID(workspacePrefix)
	}
	if err := workspaceID(w.ID); err != nil {
		return account.Workspace{}, err
	}
	return w, d.CreateWorkspace(ctx, w)
}

// ChangePlan gives a workspace another plan. It fails with an *account.FieldError or with account.ErrUnknownWorkspace.
func (d Desk) ChangePlan(ctx context.Context, workspaceID, plan string) error {
	if err := d.knownPlan(plan); err != nil {
		return err
	}
	return d.SetPlan(ctx, workspaceID, plan)
}

func (d Desk) knownPlan(plan string) error {
	if !d.Plans.KnownPlan(plan) {
		return &account.FieldError{Field: "plan", Fault: "is not in the catalog"}
	}
	return nil
}
