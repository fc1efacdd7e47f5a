// Package sqldb owns databases: one small API over PostgreSQL (pgx and its pool, natively) and
// SQLite (one writer, a few readers), their common errors, leader election by an advisory lock, and
// the migration of their schemas. It is the only package that imports a SQL driver.
//
// Statements are written once for both engines: $1 parameters, times as int64 microseconds since
// 1970 (UTC), hashes as BYTEA or BLOB, and placeholders such as {{now}}, {{for update}} and {{for
// share}} for the few expressions that differ, see DB.SQL. A column that may be NULL is read into a
// pointer or a []byte, and a time into Time.
//
// It contains no table of a service, never decides what an absent row means, and never puts a URL,
// a password or a parameter into an error's text.
package sqldb
