package usher

import (
	"slices"
	"strings"
	"sync"
	"unique"
)

// intern returns a canonical copy of a string, so that equal strings of many tokens share memory.
func intern(text string) string { return unique.Make(text).Value() }

// maxScopes is the maximum number of cached scope strings. Clients request a handful; the bound
// limits the memory that many different requests can take.
const maxScopes = 1024

// scopeCache caches parsed scope strings, and audiences.
type scopeCache struct {
	mu     sync.Mutex
	parsed map[string][]string
}

// fields splits a scope string (RFC 6749 §3.3), or returns the cached list.
func (w *scopeCache) fields(scope string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if list, ok := w.parsed[scope]; ok {
		return list
	}
	list := slices.Clip(strings.Fields(scope))
	for i, name := range list {
		list[i] = intern(name)
	}
	if w.parsed == nil || len(w.parsed) >= maxScopes {
		w.parsed = map[string][]string{}
	}
	w.parsed[strings.Clone(scope)] = list
	return list
}

// audience returns a list of identifiers, or the cached list with the same ones: an identifier is a
// URI, which has no space.
func (w *scopeCache) audience(ids []string) []string {
	switch len(ids) {
	case 0:
		return nil
	case 1:
		return w.fields(ids[0])
	}
	return w.fields(strings.Join(ids, " "))
}
