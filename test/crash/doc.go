// Package crash kills the token service, or cuts its connections to PostgreSQL, at random moments of redemptions and
// refreshes, has the client ask once more, and holds what the store has then against what the client was told.
//
// It owns the moments, the client and the judgement. It never says how long anything may take.
package crash
