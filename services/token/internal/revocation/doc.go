// Package revocation revokes the access of a user, a workspace member, a client or an
// authentication app, and the sign-ins with an old password.
//
// It owns the order: it revokes tokens, has identity or authz make the change, and revokes tokens
// once more. It never decides which endpoints a token may call and never speaks gRPC or SQL.
package revocation
