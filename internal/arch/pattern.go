package arch

import (
	"maps"
	"path"
	"strings"
)

// Module is the path of the root module; the modules gen and sdk lie below it.
const Module = "github.com/vidocu/usher"

// match matches a pattern of import paths:
//
//	std             every package of the standard library
//	other           every package that is neither the standard library's nor ours
//	./gateway       a package of this repository, by its directory
//	./gateway/...   that package and everything below it
//	./services/*    any one segment, as path.Match reads it
//	./services/{s}  the same, and every other {s} in the rule is then this one
//	golang.org/x/... a third-party package and everything below it
//
// It reports whether importPath matches p, given the values of named segments so far, and returns
// their values after it.
func match(p, importPath string, names map[string]string) (map[string]string, bool) {
	switch p {
	case "std":
		return names, isStandard(importPath)
	case "other":
		return names, !isStandard(importPath) && !isOurs(importPath)
	}
	if below, ok := strings.CutPrefix(p, "./"); ok {
		p = Module + "/" + below
	}
	p, deep := strings.CutSuffix(p, "/...")
	want, got := strings.Split(p, "/"), strings.Split(importPath, "/")
	if len(got) < len(want) || len(got) > len(want) && !deep {
		return nil, false
	}
	return matchSegments(want, got, names)
}

func matchSegments(want, got []string, names map[string]string) (map[string]string, bool) {
	bound := maps.Clone(names)
	if bound == nil {
		bound = map[string]string{}
	}
	for i, segment := range want {
		switch {
		case strings.HasPrefix(segment, "{"):
			if known, ok := bound[segment]; ok && known != got[i] {
				return nil, false
			}
			bound[segment] = got[i]
		case !fits(segment, got[i]):
			return nil, false
		}
	}
	return bound, true
}

// fits compares one segment; a pattern that path.Match cannot read fits nothing.
func fits(segment, got string) bool {
	ok, err := path.Match(segment, got)
	return err == nil && ok
}

func matchAny(patterns []string, importPath string, names map[string]string) bool {
	for _, p := range patterns {
		if _, ok := match(p, importPath, names); ok {
			return true
		}
	}
	return false
}

func isOurs(importPath string) bool {
	return importPath == Module || strings.HasPrefix(importPath, Module+"/")
}

// isStandard follows the go command: a first segment without a dot belongs to the standard library.
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}
