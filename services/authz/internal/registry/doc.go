// Package registry is what operators do to apps: register, change, let in and keep out, give another secret.
//
// It owns what an app may be: its name, its redirect URIs, its scopes, and that a secret is drawn here and shown once. It never
// authenticates an app, and ends no token: keeping an app out enters at the token service, which calls here when it has ended
// what it must.
package registry
