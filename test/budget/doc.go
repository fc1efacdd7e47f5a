// Package budget holds what the hot operations may cost in calls between services, SQL statements and Redis commands. It counts, and
// times nothing.
package budget
