// Package attack plays the attacker against separate processes as they are shipped: without the race
// detector, with mutual TLS, on a PostgreSQL and a Redis server of its own. Its tests are named
// after the numbered cases of docs/threat-model.md.
//
// It owns hostile traffic and the checks that must hold after it. The tests of well-behaved clients
// are in test/e2e.
package attack
