package catalog

import (
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/sdk/enforce"
)

const (
	// maxDescription limits a description to about two lines of the consent screen, in bytes.
	maxDescription = 200
	everything     = "all"
)

func readScopes(n *yaml.Node) ([]Scope, error) {
	entries, err := items(n)
	if err != nil {
		return nil, err
	}
	var scopes []Scope
	for _, entry := range entries {
		scope, err := readScope(entry)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(scopes, func(s Scope) bool { return s.Name == scope.Name }) {
			return nil, faultAt(entry, "scope %q appears twice", scope.Name)
		}
		scopes = append(scopes, scope)
	}
	return scopes, nil
}

func readScope(entry *yaml.Node) (Scope, error) {
	found, err := fieldsWith(entry, []string{"name", "description"}, "group", "access", "sensitive")
	if err != nil {
		return Scope{}, err
	}
	var values [4]string
	for i, key := range []string{"name", "description", "group", "access"} {
		if found[key] == nil {
			continue
		}
		if values[i], err = text(found[key]); err != nil {
			return Scope{}, err
		}
	}
	scope := Scope{Name: values[0], Description: values[1], Group: values[2], Access: Access(values[3])}
	sensitive := found["sensitive"]
	switch {
	case !oauth.ValidScopeName(scope.Name):
		return Scope{}, faultAt(entry, "scope %q has a character that RFC 6749 does not allow", scope.Name)
	case scope.Name == oauth.OfflineAccessScope:
		return Scope{}, faultAt(entry, "scope %q means nothing here: refresh tokens need no scope, and it is ignored in requests", scope.Name)
	case !showable(scope.Description):
		return Scope{}, faultAt(entry, "the description of %q is not one line of at most %d bytes", scope.Name, maxDescription)
	case !showable(scope.Group):
		return Scope{}, faultAt(entry, "the group of %q is not one line of at most %d bytes", scope.Name, maxDescription)
	case found["access"] != nil && scope.Access != AccessRead && scope.Access != AccessChange:
		return Scope{}, faultAt(entry, "the access of %q is not %s or %s", scope.Name, AccessRead, AccessChange)
	case sensitive != nil && (sensitive.ShortTag() != "!!bool" || sensitive.Decode(&scope.Sensitive) != nil):
		return Scope{}, faultAt(entry, "sensitive of %q is not true or false", scope.Name)
	}
	return scope, nil
}

// showable reports whether the consent screen can show the text unchanged: printable characters and
// plain spaces, which excludes line breaks and invisible direction marks.
func showable(s string) bool {
	return len(s) <= maxDescription && strings.TrimSpace(s) == s &&
		!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

func readEndpoints(n *yaml.Node, scopes []Scope) ([]enforce.Endpoint, error) {
	entries, err := items(n)
	if err != nil {
		return nil, err
	}
	var endpoints []enforce.Endpoint
	for _, entry := range entries {
		values, err := texts(entry, "endpoint", "scope")
		if err != nil {
			return nil, err
		}
		endpoint, fault := parseEndpoint(values[0], values[1])
		if fault != "" {
			return nil, faultAt(entry, "endpoint %q: %s", values[0], fault)
		}
		if !slices.ContainsFunc(scopes, func(s Scope) bool { return s.Name == endpoint.Scope }) {
			return nil, faultAt(entry, "endpoint %q: scope %q does not exist", endpoint, endpoint.Scope)
		}
		if i := slices.IndexFunc(endpoints, func(e enforce.Endpoint) bool { return ambiguous(e, endpoint) }); i >= 0 {
			return nil, faultAt(entry, "endpoint %q fits the same requests as %q", endpoint, endpoints[i])
		}
		endpoints = append(endpoints, endpoint)
	}
	return endpoints, nil
}

func readPlans(n *yaml.Node, endpoints []enforce.Endpoint) ([]Plan, error) {
	entries, err := items(n)
	if err != nil {
		return nil, err
	}
	var plans []Plan
	for _, entry := range entries {
		plan, err := readPlan(entry, endpoints)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(plans, func(p Plan) bool { return p.Name == plan.Name }) {
			return nil, faultAt(entry, "plan %q appears twice", plan.Name)
		}
		plans = append(plans, plan)
	}
	return plans, nil
}

func readPlan(entry *yaml.Node, endpoints []enforce.Endpoint) (Plan, error) {
	parts, err := fields(entry, "name", "endpoints")
	if err != nil {
		return Plan{}, err
	}
	name, err := text(parts["name"])
	if err != nil {
		return Plan{}, err
	}
	if !word(name) {
		return Plan{}, faultAt(parts["name"], "plan %q is not lower-case letters, digits, - and _", name)
	}
	list := parts["endpoints"]
	if list.Kind == yaml.ScalarNode && list.Value == everything {
		return Plan{Name: name, Endpoints: slices.Clone(endpoints)}, nil
	}
	named, err := readNamed(list, endpoints)
	if err != nil {
		return Plan{}, err
	}
	return Plan{Name: name, Endpoints: named}, nil
}

// readNamed reads a plan's list and returns its endpoints in the order of the catalog.
func readNamed(list *yaml.Node, endpoints []enforce.Endpoint) ([]enforce.Endpoint, error) {
	entries, err := items(list)
	if err != nil {
		return nil, err
	}
	chosen := map[string]bool{}
	for _, entry := range entries {
		name, err := text(entry)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(endpoints, func(e enforce.Endpoint) bool { return e.String() == name }) {
			return nil, faultAt(entry, "endpoint %q does not exist", name)
		}
		if chosen[name] {
			return nil, faultAt(entry, "endpoint %q appears twice", name)
		}
		chosen[name] = true
	}
	return slices.DeleteFunc(slices.Clone(endpoints), func(e enforce.Endpoint) bool { return !chosen[e.String()] }), nil
}
