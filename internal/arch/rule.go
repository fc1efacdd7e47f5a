package arch

import (
	"fmt"
	"slices"
)

// Rule limits what some packages may import. Patterns are described at match.
type Rule struct {
	// Name is a short and unique description.
	Name string
	// Packages are the patterns of the packages that the rule binds.
	Packages []string
	// Except are patterns of packages that Packages matches and the rule leaves alone.
	Except []string
	// Only lists everything that may be imported directly; empty means no such limit.
	Only []string
	// Never lists what may not be imported directly.
	Never []string
	// NeverDeep lists what may not be imported directly or through anything else.
	NeverDeep []string
	// Reason says why, for the person whose build just failed.
	Reason string
}

// Check reports each breach of the rule among pkgs, and how many packages the rule bound. A rule
// that binds none guards nothing.
func (r Rule) Check(pkgs []Package) (breaches []string, bound int) {
	for _, pkg := range pkgs {
		names, ok := r.binds(pkg.ImportPath)
		if !ok {
			continue
		}
		bound++
		for _, path := range r.forbidden(pkg, names) {
			breaches = append(breaches, fmt.Sprintf("%s imports %s\n\trule %q: %s", pkg.ImportPath, path, r.Name, r.Reason))
		}
	}
	return breaches, bound
}

// binds reports whether the rule covers path, and the values of its named segments.
func (r Rule) binds(path string) (map[string]string, bool) {
	for _, except := range r.Except {
		if _, ok := match(except, path, nil); ok {
			return nil, false
		}
	}
	for _, p := range r.Packages {
		if names, ok := match(p, path, nil); ok {
			return names, true
		}
	}
	return nil, false
}

// forbidden lists the packages that pkg may not import directly, and one example for each deep ban
// that it breaks through others.
func (r Rule) forbidden(pkg Package, names map[string]string) []string {
	var found []string
	for _, path := range pkg.Imports {
		allowed := len(r.Only) == 0 || matchAny(r.Only, path, names)
		if !allowed || matchAny(r.Never, path, names) || matchAny(r.NeverDeep, path, names) {
			found = append(found, path)
		}
	}
	for _, ban := range r.NeverDeep {
		banned := func(path string) bool { return matchAny([]string{ban}, path, names) }
		if i := slices.IndexFunc(pkg.Deps, banned); i >= 0 && !slices.ContainsFunc(pkg.Imports, banned) {
			found = append(found, pkg.Deps[i]+" through another package")
		}
	}
	return found
}
