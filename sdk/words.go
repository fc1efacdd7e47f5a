package usher

import (
	"slices"
	"strings"
	"sync"
	"unique"
)

// same is the one copy of a text that every token shares which says the same.
func same(text string) string { return unique.Make(text).Value() }

// manyWords is how many scopes are kept at most. Apps ask for a handful; somebody who asks for more must not make this grow.
const manyWords = 1024

// words are the scopes that were met, taken apart.
type words struct {
	mu    sync.Mutex
	known map[string][]string
}

// fields takes a scope apart (RFC 6749 §3.3), or answers what it was taken apart into before.
func (w *words) fields(scope string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if list, ok := w.known[scope]; ok {
		return list
	}
	list := slices.Clip(strings.Fields(scope))
	for i, name := range list {
		list[i] = same(name)
	}
	if w.known == nil || len(w.known) >= manyWords {
		w.known = map[string][]string{}
	}
	w.known[strings.Clone(scope)] = list
	return list
}
