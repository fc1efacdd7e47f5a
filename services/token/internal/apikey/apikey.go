// Package apikey administers the keys of workspaces (docs/wire-contract.md §3).
//
// A key belongs to its workspace: it outlives whoever created it and dies with the workspace. It
// owns what a key may be called and how one is drawn. It never judges a request that comes with a
// key, and never keeps a key: only its hash.
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

// The failures.
var (
	// ErrName is a name that is not 1 to 100 printable characters.
	ErrName = errors.New("must be 1 to 100 printable characters")
	// ErrNoWorkspace is a workspace that identity does not know.
	ErrNoWorkspace = errors.New("there is no such workspace")
	// ErrUnknown is a key that never was.
	ErrUnknown = errors.New("there is no such API key")
)

// Prefix is how every key begins.
const Prefix = string(secret.APIKey)

// maxName bounds a name, in characters.
const maxName = 100

// lastFour is how many characters of a key may be shown. They are of its checksum, which says
// nothing of the rest that guessing could use.
const lastFour = 4

// Key is what may be shown of a key.
type Key struct {
	// ID is `key_…`: no secret.
	ID          string
	WorkspaceID string
	Name        string
	// LastFour are the key's last characters.
	LastFour  string
	CreatedAt time.Time
	// LastUsedAt is zero if it was never used, and to the minute otherwise.
	LastUsedAt time.Time
	// RevokedAt is zero while the key is live.
	RevokedAt time.Time
}

// New is a key to be kept.
type New struct {
	ID          string
	Hash        secret.Hash
	WorkspaceID string
	Name        string
	LastFour    string
}

// Store keeps keys.
type Store interface {
	// CreateKey keeps a key and answers when it was created.
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

// Workspaces knows which workspaces there are.
type Workspaces interface {
	// Plan is the workspace's plan at this moment; empty when there is no such workspace.
	Plan(ctx context.Context, workspaceID string) (string, error)
}

// Keys administers keys. Its methods may be called concurrently.
type Keys struct {
	Store      Store
	Workspaces Workspaces
}

// Create draws a key for a workspace. The key itself is in this answer and nowhere else. ErrName,
// ErrNoWorkspace.
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

// DevelopmentID names the key that CreateDevelopment makes. No other key is ever called so.
const DevelopmentID = "key_development"

// CreateDevelopment draws a key for a workspace that never had one; it answers the zero secret
// where it had. It asks nobody whether there is such a workspace.
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

// Revoke ends a key everywhere before it returns; ending one twice succeeds. ErrUnknown.
func (k Keys) Revoke(ctx context.Context, id string) error {
	return k.Store.RevokeKey(ctx, id)
}

// nameable wants what a list can show as it is: no line breaks, no invisible direction marks,
// nothing at all but spaces.
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
