// Package token is the token service: it owns every credential that exists after the user has
// approved. It issues and rotates access and refresh tokens, revokes them, answers what a token
// stands for and what it opens, administers API keys, and keeps the log of revocations.
//
// It calls authz (who is this client, what does this code stand for) and identity (which plan a
// workspace has), and nothing else calls back into it. It never authenticates a user, never shows a
// page, and never stores a token: only SHA-256 hashes reach its database.
package token
