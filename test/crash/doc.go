// Package crash kills the token service, or cuts its connections to PostgreSQL, at random moments
// of code redemptions, refreshes, redemptions by devices and token requests of services, makes the
// client retry once, and compares the store with the responses that the client received.
//
// It owns the faults, the client and the checks. It does not check how long an operation takes.
package crash
