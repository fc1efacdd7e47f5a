// Package apikey administers the keys of workspaces (docs/wire-contract.md §3).
//
// A key belongs to its workspace: it stays valid when the user who created it leaves, and is
// invalid when the workspace is deleted. The package owns the validation of names and the
// generation of keys. It never authenticates a request with a key, and never stores a key: only its
// hash.
package apikey

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vidocu/usher/internal/platform/secret"
)

// The errors of this package.
var (
	// ErrName is a name that is not 1 to 100 printable characters.
	ErrName = errors.New("must be 1 to 100 printable characters")
	// ErrNoWorkspace is a workspace that does not exist in identity.
	ErrNoWorkspace = errors.New("there is no such workspace")
	// ErrUnknown is a key that does not exist.
	ErrUnknown = errors.New("there is no such API key")
)

// Prefix is the prefix of every key.
const Prefix = string(secret.APIKey)

// maxName bounds a name, in characters.
const maxName = 100

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
	// RevokedAt is zero while the key is live.
	RevokedAt time.Time
}

// New is a key to be stored.
type New struct {
	ID          string
	Hash        secret.Hash
	WorkspaceID string
	Name        string
	LastFour    string
}

// Store persists keys.
type Store interface {
	// CreateKey stores a key and returns its creation time.
	CreateKey(ctx context.Context, key New) (time.Time, error)
	// CreateFirstKey is CreateKey for a workspace that never had a key; created is false where it
	// had one.
	CreateFirstKey(ctx context.Context, key New) (created bool, err error)
	// ListKeys lists a workspace's keys, newest first, revoked ones too.
	ListKeys(ctx context.Context, workspaceID string) ([]Key, error)
	// RevokeKey revokes a key at every replica before it returns; revoking one twice succeeds.
	// ErrUnknown when there is none.
	RevokeKey(ctx context.Context, id string) error
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
}

// Create creates a key for a workspace. The key itself is returned once and stored nowhere.
// ErrName, ErrNoWorkspace.
func (k Keys) Create(ctx context.Context, workspaceID, name string) (Key, secret.String, error) {
	if !validName(name) {
		return Key{}, secret.String{}, ErrName
	}
	plan, err := k.Workspaces.Plan(ctx, workspaceID)
	if err != nil {
		return Key{}, secret.String{}, fmt.Errorf("looking for the key's workspace: %w", err)
	}
	if plan == "" {
		return Key{}, secret.String{}, ErrNoWorkspace
	}
	n, key := generate(secret.NewID("key_"), workspaceID, name)
	created, err := k.Store.CreateKey(ctx, n)
	if err != nil {
		return Key{}, secret.String{}, err
	}
	return Key{ID: n.ID, WorkspaceID: workspaceID, Name: name, LastFour: n.LastFour, CreatedAt: created}, key, nil
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

// List lists a workspace's keys, newest first, revoked ones too. A workspace that does not exist
// has none.
func (k Keys) List(ctx context.Context, workspaceID string) ([]Key, error) {
	return k.Store.ListKeys(ctx, workspaceID)
}

// Revoke revokes a key at every replica before it returns; revoking one twice succeeds. ErrUnknown.
func (k Keys) Revoke(ctx context.Context, id string) error {
	return k.Store.RevokeKey(ctx, id)
}

// validName accepts names that a list can show as they are: no line breaks, no invisible direction
// marks, and not only spaces.
func validName(name string) bool {
	visible := false
	for _, r := range name {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return false
		}
		visible = visible || r != ' '
	}
	return visible && utf8.RuneCountInString(name) <= maxName
}
