// Package attack plays the attacker against five processes as they are shipped: without the race detector, with mutual TLS, on
// a PostgreSQL and a Redis that nobody else uses. Its tests are named after the numbered cases of docs/threat-model.md.
//
// It owns hostile traffic and what must still be true after it. What a well-meaning client sees is test/e2e's.
package attack
