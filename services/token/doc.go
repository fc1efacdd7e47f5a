// Package token is the token service: it owns every credential that exists after the user has
// approved. It issues, rotates and revokes access and refresh tokens, introspects tokens, decides
// which endpoints a token may call, administers API keys, and keeps the revocation log.
//
// It calls authz (authenticate a client, resolve a code, disable a client) and identity (users,
// workspaces and their plans); neither calls it back. It never authenticates a user, never shows a
// page, and never stores a token: only SHA-256 hashes reach its database.
package token
