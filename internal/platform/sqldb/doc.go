// Package sqldb owns databases: one small API over PostgreSQL (pgx and its pool, natively) and SQLite (one writer, a few
// readers), the errors both have in common, and the migration of their schemas. It is the only package that imports a
// SQL driver.
//
// Statements are written once for both engines: $1 parameters, times as int64 microseconds since 1970 (UTC), hashes as
// BYTEA or BLOB, and the few words that differ as {{now}}, {{for update}} and {{for share}}, see DB.SQL. A column that may
// be NULL is read into a pointer or a []byte.
//
// It never knows a table, never decides what an absent row means, and never puts a URL, a password or a parameter into an
// error's text.
package sqldb
