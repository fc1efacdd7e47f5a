// Package usertoken is VIDIZMO's user authentication: a user authenticates with a password, or
// through an authentication app with its client secret, and gets a user token, which can be
// refreshed and logged out, and authorizes reading users.
//
// It owns the validation of requests, the order in which identity and the store are called, and the
// error of each failure. Identity verifies the proof, the store decides which tokens are live. It
// never speaks HTTP, gRPC or SQL, and never keeps a token, only its hash.
package usertoken
