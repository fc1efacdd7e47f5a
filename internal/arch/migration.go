package arch

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Blocking lists indexes of PostgreSQL migrations that lock a table which holds rows already: CONCURRENTLY is missing, or the
// migration runs in a transaction, where CONCURRENTLY fails. A table that the same migration creates is empty.
func Blocking(texts []Text) []string {
	index := regexp.MustCompile(`(?i)CREATE\s+(?:UNIQUE\s+)?INDEX\s+(CONCURRENTLY\s+)?(?:IF\s+NOT\s+EXISTS\s+)?\w+\s+ON\s+(\w+)`)
	table := regexp.MustCompile(`(?i)CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)`)
	var breaches []string
	for _, t := range texts {
		if !strings.Contains(t.Path, "/migrations/postgres/") {
			continue
		}
		var created []string
		for _, found := range table.FindAllStringSubmatch(t.Body, -1) {
			created = append(created, found[1])
		}
		for _, found := range index.FindAllStringSubmatch(t.Body, -1) {
			switch {
			case slices.Contains(created, found[2]):
			case found[1] == "":
				breaches = append(breaches, fmt.Sprintf("%s builds an index of %s without CONCURRENTLY", t.Path, found[2]))
			case !strings.Contains(t.Body, "-- +goose NO TRANSACTION"):
				breaches = append(breaches, fmt.Sprintf("%s builds an index CONCURRENTLY in a transaction: add -- +goose NO TRANSACTION", t.Path))
			}
		}
	}
	return breaches
}

// Unretried lists indexes that a PostgreSQL migration builds CONCURRENTLY without dropping them first. A build that is interrupted, as
// by the timeout of a lock, leaves an invalid index: the retry fails on its name, or skips it with IF NOT EXISTS. The exceptions are
// paths with their reasons.
func Unretried(texts []Text, exceptions map[string]string) []string {
	index := regexp.MustCompile(`(?i)CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)`)
	var breaches []string
	for _, t := range texts {
		if !strings.Contains(t.Path, "/migrations/postgres/") || exceptions[t.Path] != "" {
			continue
		}
		up, _, _ := strings.Cut(t.Body, "-- +goose Down")
		for _, found := range index.FindAllStringSubmatchIndex(up, -1) {
			name := up[found[2]:found[3]]
			dropped := regexp.MustCompile(`(?i)DROP\s+INDEX\s+CONCURRENTLY\s+IF\s+EXISTS\s+` + name + `\s*;`)
			if !dropped.MatchString(up[:found[0]]) {
				breaches = append(breaches, fmt.Sprintf("%s builds %s CONCURRENTLY without DROP INDEX CONCURRENTLY IF EXISTS before it", t.Path, name))
			}
		}
	}
	return breaches
}
