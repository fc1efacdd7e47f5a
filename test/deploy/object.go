package deploy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Object is one manifest.
type Object map[string]any

// Parse parses the documents of a rendered overlay.
func Parse(text []byte) ([]Object, error) {
	var all []Object
	for dec := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var o Object
		err := dec.Decode(&o)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading a manifest: %w", err)
		}
		all = append(all, o)
	}
}

// Kind returns the object's kind.
func (o Object) Kind() string { return o.Text("kind") }

// Name returns the object's name.
func (o Object) Name() string { return o.Text("metadata", "name") }

// At returns the value at a path, where a number is an index of a list; nil when there is none.
func (o Object) At(path ...string) any {
	var at any = map[string]any(o)
	for _, step := range path {
		switch v := at.(type) {
		case map[string]any:
			at = v[step]
		case Object:
			at = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return nil
			}
			at = v[i]
		default:
			return nil
		}
	}
	return at
}

// Text returns the value at a path as text; "<nil>" when there is none.
func (o Object) Text(path ...string) string { return fmt.Sprint(o.At(path...)) }

// List returns the list of objects at a path.
func (o Object) List(path ...string) []Object {
	items, _ := o.At(path...).([]any)
	all := make([]Object, 0, len(items))
	for _, item := range items {
		switch m := item.(type) {
		case map[string]any:
			all = append(all, m)
		case Object:
			all = append(all, m)
		}
	}
	return all
}

// Plant sets the value at a path, all but the last step of which must exist; nil removes it.
func (o Object) Plant(value any, path ...string) {
	last := path[len(path)-1]
	parent := Object{"": o.At(path[:len(path)-1]...)}
	if len(path) == 1 {
		parent[""] = o
	}
	switch at := parent[""].(type) {
	case map[string]any:
		plant(at, last, value)
	case Object:
		plant(at, last, value)
	case []any:
		if i, err := strconv.Atoi(last); err == nil && i < len(at) {
			at[i] = value
		}
	}
}

func plant(at map[string]any, key string, value any) {
	if value == nil {
		delete(at, key)
		return
	}
	at[key] = value
}

// Pod returns the pod template's spec; nil for an object that starts no pods.
func (o Object) Pod() Object {
	switch p := o.At("spec", "template", "spec").(type) {
	case map[string]any:
		return p
	case Object:
		return p
	}
	return nil
}

// labels returns the labels at a path, as key=value.
func (o Object) labels(path ...string) map[string]string {
	all := map[string]string{}
	switch m := o.At(path...).(type) {
	case map[string]any:
		for k, v := range m {
			all[k] = fmt.Sprint(v)
		}
	case Object:
		for k, v := range m {
			all[k] = fmt.Sprint(v)
		}
	}
	return all
}

// selects reports whether a pod has all labels of a selector.
func selects(selector, pod map[string]string) bool {
	for k, v := range selector {
		if pod[k] != v {
			return false
		}
	}
	return len(selector) > 0
}

// split splits a path into its steps.
func split(path string) []string { return strings.Split(path, "|") }
