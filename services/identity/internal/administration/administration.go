package administration

import (
	"context"
	"errors"
	"fmt"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/identity/internal/account"
	"github.com/vidocu/usher/services/identity/internal/password"
)

// Store is the part of the store that administration uses.
type Store interface {
	// CreateUser adds a user and returns it as stored, or account.ErrAddressTaken.
	CreateUser(ctx context.Context, record account.Record) (account.User, error)
	// FindUser returns a user, disabled or not, or account.ErrUnknown.
	FindUser(ctx context.Context, id string) (account.User, error)
	// FindRecord returns the user of an address, disabled or not, or account.ErrUnknown.
	FindRecord(ctx context.Context, address account.Spelling) (account.Record, error)
	// ListMemberships returns a user's memberships by name, also those of a disabled user.
	ListMemberships(ctx context.Context, userID string) ([]account.Membership, error)
	// ListUsers returns at most limit users after the given address, by address.
	ListUsers(ctx context.Context, after account.Address, limit int) ([]account.User, error)
	// EnableUser enables a user. It returns account.ErrUnknown.
	EnableUser(ctx context.Context, id string) error
	// DisableUser disables a user and invalidates their browser sessions. It returns
	// account.ErrUnknown.
	DisableUser(ctx context.Context, id string) error
	// SetPassword replaces a password hash and invalidates the user's browser sessions. It returns
	// account.ErrUnknown.
	SetPassword(ctx context.Context, id string, hash secret.String) error
	// RecordUnlock records that an operator reset a user's failed attempts.
	RecordUnlock(ctx context.Context, userID string) error
	// CreateWorkspace adds a workspace. It returns account.ErrWorkspaceTaken.
	CreateWorkspace(ctx context.Context, w account.Workspace) error
	// ListAllWorkspaces returns at most limit workspaces after the given one, by name.
	ListAllWorkspaces(ctx context.Context, after account.Workspace, limit int) ([]account.Workspace, error)
	// SetWorkspacePlan changes a workspace's plan. It returns account.ErrUnknownWorkspace.
	SetWorkspacePlan(ctx context.Context, workspaceID, plan string) error
	// AddMember adds a member, or changes a member's role. It returns
	// account.ErrUnknownUserOrWorkspace.
	AddMember(ctx context.Context, userID, workspaceID string, role oauth.Role) error
	// RemoveMember removes a member. It returns account.ErrNotMember.
	RemoveMember(ctx context.Context, userID, workspaceID string) error
	// ListMembers returns at most limit members of a workspace after an address, by address, or
	// account.ErrUnknownWorkspace.
	ListMembers(ctx context.Context, workspaceID string, after account.Address, limit int) ([]account.WorkspaceMember, error)
}

// Passwords hashes passwords.
type Passwords interface {
	// Hash hashes a password that password.CheckUsable accepts. It fails if it cannot be computed now.
	Hash(ctx context.Context, clear secret.String) (secret.String, error)
}

// Plans are the plans of the catalog.
type Plans interface {
	// KnownPlan reports whether a plan exists now.
	KnownPlan(name string) bool
}

// Attempts counts authentication attempts.
type Attempts interface {
	// Unlock resets the failed attempts of an account.
	Unlock(ctx context.Context, address account.Address) error
}

// Service validates the operator's requests. Requests that need no validation are the Store's.
type Service struct {
	Store     Store
	Passwords Passwords
	Plans     Plans
	Attempts  Attempts
}

// NewUser is a user to create.
type NewUser struct {
	// EmailAddress is the address as typed.
	EmailAddress        string
	FirstName, LastName string
	// DisplayName defaults to the first and the last name.
	DisplayName string
	// Password is empty for a user without a password.
	Password secret.String
}

// CreateUser adds a user. It returns an *oauth.FieldError or account.ErrAddressTaken.
func (s Service) CreateUser(ctx context.Context, n NewUser) (account.User, error) {
	record := account.Record{User: account.User{ID: secret.NewID("usr_")}}
	var err error
	if record.EmailAddress, err = Address(n.EmailAddress); err != nil {
		return account.User{}, err
	}
	if err := names(&record.User, n); err != nil {
		return account.User{}, err
	}
	if !n.Password.IsZero() {
		if record.PasswordHash, err = s.hash(ctx, n.Password); err != nil {
			return account.User{}, err
		}
	}
	return s.Store.CreateUser(ctx, record)
}

// CheckPassword validates a new password for a user and changes nothing. It returns the errors of
// SetPassword.
func (s Service) CheckPassword(ctx context.Context, userID string, clear secret.String) error {
	if err := checkPassword(clear); err != nil {
		return err
	}
	_, err := s.Store.FindUser(ctx, userID)
	return err
}

// SetPassword sets a user's password and invalidates their browser sessions. It returns an
// *oauth.FieldError or account.ErrUnknown.
func (s Service) SetPassword(ctx context.Context, userID string, clear secret.String) error {
	hash, err := s.hash(ctx, clear)
	if err != nil {
		return err
	}
	return s.Store.SetPassword(ctx, userID, hash)
}

// UnlockUser lets a rate-limited user sign in at once. It returns account.ErrUnknown.
func (s Service) UnlockUser(ctx context.Context, userID string) error {
	user, err := s.Store.FindUser(ctx, userID)
	if err != nil {
		return err
	}
	if err := s.Attempts.Unlock(ctx, user.EmailAddress); err != nil {
		return err
	}
	return s.Store.RecordUnlock(ctx, userID)
}

func (s Service) hash(ctx context.Context, clear secret.String) (secret.String, error) {
	if err := checkPassword(clear); err != nil {
		return secret.String{}, err
	}
	hash, err := s.Passwords.Hash(ctx, clear)
	if err != nil {
		return secret.String{}, fmt.Errorf("hashing a password: %w", err)
	}
	return hash, nil
}

// checkPassword returns an *oauth.FieldError for a new password that Passwords would not hash, or that is
// too short.
func checkPassword(clear secret.String) error {
	if err := password.CheckNew(clear); err != nil {
		return oauth.InvalidField("password", "must have at least 12 characters")
	}
	switch err := password.CheckUsable(clear); {
	case errors.Is(err, password.ErrCharacters):
		return oauth.InvalidField("password", "has a control character or an invisible one, which not every keyboard writes (RFC 8265 §4.2)")
	case err != nil:
		return oauth.InvalidField("password", "must have at most 1024 bytes")
	}
	return nil
}

// CreateWorkspace adds a workspace, and generates an identifier if it has none. It returns an
// *oauth.FieldError or account.ErrWorkspaceTaken.
func (s Service) CreateWorkspace(ctx context.Context, w account.Workspace) (account.Workspace, error) {
	var err error
	if w.Name, err = Name("name", w.Name); err != nil {
		return account.Workspace{}, err
	}
	if err := s.checkPlan(w.Plan); err != nil {
		return account.Workspace{}, err
	}
	if w.ID == "" {
		w.ID = secret.NewID(workspacePrefix)
	}
	if err := workspaceID(w.ID); err != nil {
		return account.Workspace{}, err
	}
	return w, s.Store.CreateWorkspace(ctx, w)
}

// SetWorkspacePlan changes a workspace's plan. It returns an *oauth.FieldError or
// account.ErrUnknownWorkspace.
func (s Service) SetWorkspacePlan(ctx context.Context, workspaceID, plan string) error {
	if err := s.checkPlan(plan); err != nil {
		return err
	}
	return s.Store.SetWorkspacePlan(ctx, workspaceID, plan)
}

func (s Service) checkPlan(plan string) error {
	if !s.Plans.KnownPlan(plan) {
		return oauth.InvalidField("plan", "is not in the catalog")
	}
	return nil
}
