// Package budget checks the cost of the hot operations in calls between services, SQL statements
// and Redis commands. It counts them and measures no time.
package budget
