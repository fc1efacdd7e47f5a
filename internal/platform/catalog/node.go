package catalog

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The file is read node by node and not into structs, so that every error, also about a missing or
// unknown key, has a line.

func faultAt(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s", ErrInvalid, n.Line, fmt.Sprintf(format, args...))
}

// fields reads a mapping that has exactly the given keys.
func fields(n *yaml.Node, keys ...string) (map[string]*yaml.Node, error) {
	return fieldsWith(n, keys)
}

// fieldsWith reads a mapping that has the required keys, and no others than the optional ones.
func fieldsWith(n *yaml.Node, required []string, optional ...string) (map[string]*yaml.Node, error) {
	keys := slices.Concat(required, optional)
	if n.Kind != yaml.MappingNode {
		return nil, faultAt(n, "expected a mapping with %s", strings.Join(keys, ", "))
	}
	found := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if !slices.Contains(keys, key.Value) {
			return nil, faultAt(key, "unknown key %q, expected %s", key.Value, strings.Join(keys, ", "))
		}
		if found[key.Value] != nil {
			return nil, faultAt(key, "key %q appears twice", key.Value)
		}
		found[key.Value] = n.Content[i+1]
	}
	for _, key := range required {
		if found[key] == nil {
			return nil, faultAt(n, "key %q is missing", key)
		}
	}
	return found, nil
}

// items reads a list that has at least one entry.
func items(n *yaml.Node) ([]*yaml.Node, error) {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		return nil, faultAt(n, "expected a list with at least one entry")
	}
	return n.Content, nil
}

// text reads a string. Numbers, booleans and null must be quoted, so that they keep their spelling.
func text(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" || n.Value == "" {
		return "", faultAt(n, "expected a string")
	}
	return n.Value, nil
}

// textList reads a list of strings.
func textList(n *yaml.Node) ([]string, error) {
	entries, err := items(n)
	if err != nil {
		return nil, err
	}
	list := make([]string, 0, len(entries))
	for _, entry := range entries {
		value, err := text(entry)
		if err != nil {
			return nil, err
		}
		if slices.Contains(list, value) {
			return nil, faultAt(entry, "%q appears twice", value)
		}
		list = append(list, value)
	}
	return list, nil
}

// texts reads a mapping of exactly the given keys to strings, in the order of the keys.
func texts(n *yaml.Node, keys ...string) ([]string, error) {
	found, err := fields(n, keys...)
	if err != nil {
		return nil, err
	}
	values := make([]string, 0, len(keys))
	for _, key := range keys {
		value, err := text(found[key])
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}
