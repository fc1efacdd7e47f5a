// Package secret owns what Usher hands out and must not give away: the type that carries a
// secret through the program without printing it, the formats of tokens, API keys and client
// secrets, and the hash that is all a store ever sees of them.
//
// It never stores, compares or logs a secret for its callers, knows nothing of passwords
// (those belong to identity), and imports the standard library alone.
package secret
