package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// file reads the settings file.
func (l *loader) file() {
	name := l.options.File
	raw, err := os.ReadFile(name)
	if err != nil {
		l.fault(name, err)
		return
	}
	var root, more yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(raw))
	if err := documents.Decode(&root); err != nil && !errors.Is(err, io.EOF) {
		l.fault(name, err)
		return
	}
	if err := documents.Decode(&more); !errors.Is(err, io.EOF) {
		l.fault(name, errors.New("holds several YAML documents, of which only the first would be read: write one"))
		return
	}
	if len(root.Content) > 0 { // the file is empty, or has comments only
		l.mapping("", root.Content[0])
	}
}

// mapping reads a section, or the whole file, whose prefix is empty.
func (l *loader) mapping(prefix string, node *yaml.Node) {
	if node = resolved(node); node.Kind == yaml.ScalarNode && (isNull(node) || strings.TrimSpace(node.Value) == "") {
		return // all its settings are commented out, or a template left it empty
	}
	var entries map[string]yaml.Node // merges the mappings of YAML's <<, and refuses duplicate keys
	if err := node.Decode(&entries); err != nil || node.Kind != yaml.MappingNode {
		l.fault(l.options.File, fmt.Errorf("%s must hold names with their values, as in `name: value`", orFile(prefix)))
		return
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		value := entries[key]
		if strings.Contains(key, dot) {
			l.fault(l.options.File, fmt.Errorf("%s%s is written with a dot: write a section, with its settings below it", prefix, key))
			continue
		}
		l.entry(prefix+key, resolved(&value))
	}
}

// orFile names the place of a mapping.
func orFile(prefix string) string {
	if prefix == "" {
		return "the file"
	}
	return strings.TrimSuffix(prefix, dot)
}

// entry reads one name and its value.
func (l *loader) entry(key string, node *yaml.Node) {
	for _, s := range l.settings {
		switch key {
		case s.Key:
			l.fromFile(s, node)
			return
		case s.KeyFile():
			if s.Secret {
				l.secretInFile(s, node)
				return
			}
		}
	}
	switch {
	case slices.Contains(l.options.Others, key) && !l.knows(key): // another process's section
	case l.knows(key), node.Kind == yaml.MappingNode:
		l.mapping(key+dot, node)
	default:
		l.fault(l.options.File, errors.New(key+" is not a setting"+didYouMean(key, l.keys())))
	}
}

// fromFile sets a setting from its value.
func (l *loader) fromFile(s Setting, node *yaml.Node) {
	name := l.options.File
	text, err := scalar(node, s.value.Type() == reflect.TypeFor[[]string]())
	if err != nil {
		l.fault(name, fmt.Errorf("'%s': %w", s.Key, err))
		return
	}
	if s.unset(text) {
		return
	}
	if s.Secret { // settings files are copied, displayed and kept in version control
		l.fault(name, fmt.Errorf("%s is a secret, which never stands in this file: give %s with the name of a file that holds it, or set %s or %s",
			s.Key, s.KeyFile(), s.EnvFile(), s.Env))
		return
	}
	l.loaded.From[s.Key] = name
	l.apply(s, name, text)
}

// secretInFile sets a secret from the file that the value names.
func (l *loader) secretInFile(s Setting, node *yaml.Node) {
	text, err := scalar(node, false)
	if err == nil && strings.TrimSpace(text) == "" {
		return
	}
	l.loaded.From[s.Key] = l.options.File
	if err == nil {
		err = l.secretFrom(s, strings.TrimSpace(text))
	}
	if err != nil {
		l.fault(l.options.File, fmt.Errorf("%s: %w", s.KeyFile(), err))
	}
}

// scalar returns a value's text as it is written in the file, so that 60 means the same here as in
// a variable; empty for null. A list is returned as its items joined by commas.
func scalar(node *yaml.Node, list bool) (string, error) {
	switch {
	case isNull(node):
		return "", nil
	case node.Kind == yaml.ScalarNode:
		return node.Value, nil
	case node.Kind != yaml.SequenceNode:
		return "", errors.New("give a value and not a section")
	case !list:
		return "", errors.New("give one value and not a list; several addresses stand in one text with commas between")
	}
	var items []string
	for _, item := range node.Content {
		text, err := scalar(resolved(item), false)
		if err != nil {
			return "", err
		}
		items = append(items, text)
	}
	return strings.Join(items, ","), nil
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!null" }

// resolved returns the target node of an alias.
func resolved(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// knows reports whether a section has settings of this process.
func (l *loader) knows(section string) bool {
	return slices.ContainsFunc(l.settings, func(s Setting) bool { return strings.HasPrefix(s.Key, section+dot) })
}

// keys returns the names that are valid in the file.
func (l *loader) keys() (names []string) {
	for _, s := range l.settings {
		names = append(names, s.Key)
		if s.Secret {
			names = append(names, s.KeyFile())
		}
	}
	return names
}
