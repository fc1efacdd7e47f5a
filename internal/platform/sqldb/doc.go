// Package sqldb gives a service its database: PostgreSQL through pgx, or SQLite for the all-in-one, behind one small
// interface in which one SQL text serves both.
//
// It owns drivers, pools, the database's clock, migrations and what a driver's error means. It never knows a table, and
// nothing that a driver says leaves it but as one of its own errors.
//
// Parameters are written $1, times are integer microseconds, hashes are BYTEA or BLOB. Three marks in a text are filled
// in by SQL: {{now}}, {{for update}} and {{for share}}.
package sqldb
