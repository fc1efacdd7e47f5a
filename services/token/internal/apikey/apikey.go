// Package apikey administers the keys of workspaces (docs/wire-contract.md §3).
//
// A key belongs to its workspace: it stays valid when the user who created it leaves, and is
// invalid when the workspace is deleted. The package owns the validation of names and limits, and the
// generation of keys. It never authenticates a request with a key, and never stores a key: only its
// hash.
package apikey

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// The errors of this package. An invalid field is an *oauth.FieldError.
var (
	// ErrNoWorkspace is a workspace that does not exist in identity.
	ErrNoWorkspace = errors.New("there is no such workspace")
	// ErrUnknown is a key that does not exist, or not in the workspace; for Rotate also a key that is
	// not live or was rotated before.
	ErrUnknown = errors.New("there is no such API key")
	// ErrFull is a workspace with MaxLive live keys.
	ErrFull = errors.New("the workspace has 200 live API keys: revoke one first")
)

// Prefix is the prefix of every key.
const Prefix = string(secret.APIKey)

// MaxLive is how many live keys the administrators of a workspace may create. Operators may create
// more.
const MaxLive = 200

// lastFour is how many characters of a key may be shown. They belong to its checksum, which does
// not help to guess the rest.
const lastFour = 4

// Key is the public part of a key.
type Key struct {
	// ID is `key_…`; it is not secret.
	ID          string
	WorkspaceID string
	Name        string
	// LastFour are the key's last characters.
	LastFour  string
	CreatedAt time.Time
	// LastUsedAt is zero if the key was never used; its resolution is a minute.
	LastUsedAt time.Time
	// RevokedAt is zero while the key is not revoked, and ExpiresAt for a key that does not expire.
	RevokedAt, ExpiresAt time.Time
	// Live says that it is neither revoked nor expired.
	Live bool
	Limits
	Creator oauth.NamedUser
	// SuccessorID is the key that replaced it; empty for none.
	SuccessorID string
}

// maxLive returns how many live keys a workspace may have with one of this creator; 0 is no limit.
func maxLive(creator oauth.NamedUser) int {
	if creator.UserID == "" {
		return 0
	}
	return MaxLive
}

// New is a key to be stored.
type New struct {
	ID          string
	Hash        secret.Hash
	WorkspaceID string
	Name        string
	LastFour    string
	Limits
	// Lifetime is 0 for a key that does not expire.
	Lifetime time.Duration
	Creator  oauth.NamedUser
}

// Successor is a key that replaces another one, whose workspace, name, limits and lifetime it gets.
type Successor struct {
	ID       string
	Hash     secret.Hash
	LastFour string
	Creator  oauth.NamedUser
	// Replaces is the other key, which must be one of WorkspaceID, and Overlap how long it stays valid.
	Replaces, WorkspaceID string
	Overlap               time.Duration
	// MaxLive is how many live keys the workspace may have then, the other one included during the
	// overlap; 0 is no limit.
	MaxLive int
}

// Store persists keys.
type Store interface {
	// CreateKey stores a key unless its workspace has so many live keys; 0 is no limit. ErrFull.
	CreateKey(ctx context.Context, key New, maxLive int) (Key, error)
	// CreateFirstKey is CreateKey for a workspace that never had a key; created is false where it
	// had one.
	CreateFirstKey(ctx context.Context, key New) (created bool, err error)
	// ListKeys lists keys of a workspace, newest first, revoked ones too.
	ListKeys(ctx context.Context, workspaceID string, after Key, limit int) ([]Key, error)
	// RotateKey stores a key, and gives the other one its end at every replica before it returns.
	// ErrUnknown unless the other one is live and was not rotated; ErrFull.
	RotateKey(ctx context.Context, next Successor) (created, replaced Key, err error)
	// RevokeKey revokes a key, of a workspace if that is not empty, at every replica before it returns;
	// revoking one twice succeeds. ErrUnknown when there is none.
	RevokeKey(ctx context.Context, workspaceID, id string) error
}

// Workspaces looks up workspaces.
type Workspaces interface {
	// Plan returns the workspace's current plan; empty when there is no such workspace.
	Plan(ctx context.Context, workspaceID string) (string, error)
}

// Keys administers keys. Its methods may be called concurrently.
type Keys struct {
	Store      Store
	Workspaces Workspaces
	// Scopes returns the scopes of the current catalog that may restrict a key, in its order.
	Scopes func() []string
}

// CheckWorkspace returns ErrNoWorkspace unless the workspace exists.
func (k Keys) CheckWorkspace(ctx context.Context, workspaceID string) error {
	plan, err := k.Workspaces.Plan(ctx, workspaceID)
	if err != nil {
		return fmt.Errorf("looking for the key's workspace: %w", err)
	}
	if plan == "" {
		return ErrNoWorkspace
	}
	return nil
}

// Create creates a key for a workspace. The key itself is returned once and stored nowhere. It returns
// ErrNoWorkspace, ErrFull for a creator who is a user, and an *oauth.FieldError.
func (k Keys) Create(ctx context.Context, d Draft) (Key, secret.String, error) {
	limits, err := k.validate(d)
	if err != nil {
		return Key{}, secret.String{}, err
	}
	if err := k.CheckWorkspace(ctx, d.WorkspaceID); err != nil {
		return Key{}, secret.String{}, err
	}
	n, key := generate(secret.NewID("key_"), d.WorkspaceID, d.Name)
	n.Limits, n.Lifetime, n.Creator = limits, d.Lifetime, d.Creator
	created, err := k.Store.CreateKey(ctx, n, maxLive(d.Creator))
	if err != nil {
		return Key{}, secret.String{}, err
	}
	return created, key, nil
}

// DevelopmentID is the identifier of the key that CreateDevelopment creates, and of no other key.
const DevelopmentID = "key_development"

// CreateDevelopment creates a key for a workspace that never had one; otherwise it returns the zero
// secret. It does not check that the workspace exists.
func (k Keys) CreateDevelopment(ctx context.Context, workspaceID string) (secret.String, error) {
	n, key := generate(DevelopmentID, workspaceID, "Development")
	created, err := k.Store.CreateFirstKey(ctx, n)
	if err != nil || !created {
		return secret.String{}, err
	}
	return key, nil
}

func generate(id, workspaceID, name string) (New, secret.String) {
	key := secret.Generate(secret.APIKey)
	text := key.Reveal()
	return New{
		ID: id, Hash: secret.Sum(text), WorkspaceID: workspaceID, Name: name, LastFour: text[len(text)-lastFour:],
	}, key
}

// List lists at most limit keys of a workspace, newest first, revoked ones too. after is the last key
// of the previous page, of which CreatedAt and ID are read; zero for the first page. A workspace that
// does not exist has none.
func (k Keys) List(ctx context.Context, workspaceID string, after Key, limit int) ([]Key, error) {
	return k.Store.ListKeys(ctx, workspaceID, after, limit)
}

// Rotate creates a key that replaces another one, which ends after the overlap. It returns ErrUnknown,
// ErrFull for a creator who is a user and an overlap, and an *oauth.FieldError for the overlap.
func (k Keys) Rotate(ctx context.Context, r Rotation) (created, replaced Key, key secret.String, err error) {
	if err := r.validate(); err != nil {
		return Key{}, Key{}, secret.String{}, err
	}
	n, key := generate(secret.NewID("key_"), r.WorkspaceID, "")
	limit := maxLive(r.Creator)
	if r.Overlap == 0 {
		limit = 0 // there are as many keys as before
	}
	created, replaced, err = k.Store.RotateKey(ctx, Successor{
		ID: n.ID, Hash: n.Hash, LastFour: n.LastFour, Creator: r.Creator,
		Replaces: r.KeyID, WorkspaceID: r.WorkspaceID, Overlap: r.Overlap, MaxLive: limit,
	})
	if err != nil {
		return Key{}, Key{}, secret.String{}, err
	}
	return created, replaced, key, nil
}

// Revoke revokes a key, of a workspace if that is not empty, at every replica before it returns;
// revoking one twice succeeds. ErrUnknown.
func (k Keys) Revoke(ctx context.Context, workspaceID, id string) error {
	return k.Store.RevokeKey(ctx, workspaceID, id)
}
