// Package remotekeys has the public keys that clients publish at an address of their own, their
// jwks_uri.
//
// It owns the cache and the limits on reading: one read of an address at a time and at most one a
// minute, whatever assertions name, so that strangers cannot make this process request anything
// often. Keys of an address that cannot be read any more are used for another day at most. It makes
// no request itself, and decides nothing about a client.
package remotekeys
