package sqldb

import "encoding/json"

// Texts returns a list of texts as one argument of a statement that has Among: an array on PostgreSQL, and
// JSON on SQLite.
func (db *DB) Texts(list []string) any {
	list = append([]string{}, list...) // an empty list and not NULL
	if db.kind != SQLite {
		return list
	}
	text, err := json.Marshal(list)
	if err != nil {
		return nil // texts can always be encoded
	}
	return string(text)
}

// Among returns the condition that a column has one of the Texts of a parameter such as $1.
func (db *DB) Among(parameter string) string {
	if db.kind != SQLite {
		return "= ANY(" + parameter + "::text[])"
	}
	return "IN (SELECT value FROM json_each(" + parameter + "))"
}
