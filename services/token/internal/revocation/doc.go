// Package ending takes access away: from a user, a member, whoever knows an old password, an app,
// an authentication app.
//
// It owns the order: tokens end first, then identity or authz makes the change, then tokens end
// once more. It never decides what a token is good for and never speaks gRPC or SQL.
package revocation
