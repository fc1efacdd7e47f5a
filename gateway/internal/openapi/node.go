package openapi

import (
	"bytes"
	"encoding/json"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Node is a part of the description. It keeps the order of its members, which is that of reading.
type Node struct{ *yaml.Node }

// Parse reads a document in YAML or JSON.
func Parse(text []byte) (Node, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return Node{}, err
	}
	return Node{expand(document.Content[0])}, nil
}

// expand returns a copy of a node in which each alias is a copy of what it stands for.
func expand(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	c := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value}
	for _, child := range n.Content {
		c.Content = append(c.Content, expand(child))
	}
	return c
}

// Object returns an empty object.
func Object() Node { return Node{&yaml.Node{Kind: yaml.MappingNode}} }

// List returns a list.
func List(items ...Node) Node {
	n := Node{&yaml.Node{Kind: yaml.SequenceNode}}
	for _, item := range items {
		n.Content = append(n.Content, item.Node)
	}
	return n
}

// Text returns a string.
func Text(s string) Node { return Node{&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}} }

// Texts returns a list of strings.
func Texts(all []string) Node {
	n := List()
	for _, s := range all {
		n.Content = append(n.Content, Text(s).Node)
	}
	return n
}

// Ref returns a reference to a component, such as schemas/User.
func Ref(component string) Node { return Object().With("$ref", Text("#/components/"+component)) }

// Get returns a member of an object, and the zero Node where there is none.
func (n Node) Get(path ...string) Node {
	for _, name := range path {
		if n.Node == nil || n.Kind != yaml.MappingNode {
			return Node{}
		}
		next := Node{}
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Value == name {
				next = Node{n.Content[i+1]}
			}
		}
		n = next
	}
	return n
}

// Exists reports whether a Node of Get was found.
func (n Node) Exists() bool { return n.Node != nil }

// With sets a member of an object and returns the object.
func (n Node) With(name string, value Node) Node {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			n.Content[i+1] = value.Node
			return n
		}
	}
	n.Content = append(n.Content, Text(name).Node, value.Node)
	return n
}

// Without removes a member of an object and returns the object.
func (n Node) Without(name string) Node {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			n.Content = append(n.Content[:i:i], n.Content[i+2:]...)
			return n
		}
	}
	return n
}

// Child returns a member of an object, which it adds where it is missing.
func (n Node) Child(name string) Node {
	if child := n.Get(name); child.Exists() {
		return child
	}
	child := Object()
	n.With(name, child)
	return child
}

// Members returns the names and values of an object in their order.
func (n Node) Members() []Member {
	var members []Member
	if n.Node == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(n.Content); i += 2 {
		members = append(members, Member{Name: n.Content[i].Value, Value: Node{n.Content[i+1]}})
	}
	return members
}

// Items returns the items of a list.
func (n Node) Items() []Node {
	var items []Node
	if n.Node == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	for _, item := range n.Content {
		items = append(items, Node{item})
	}
	return items
}

// Member is a member of an object.
type Member struct {
	Name  string
	Value Node
}

// String returns the value of a scalar, and an empty string for any other Node.
func (n Node) String() string {
	if n.Node == nil {
		return ""
	}
	return n.Value
}

// Merge adds the members of another object: those of objects that both have are merged too, and any
// other member of the other object replaces this one's.
func (n Node) Merge(other Node) Node {
	for _, m := range other.Members() {
		own := n.Get(m.Name)
		if own.Exists() && own.Kind == yaml.MappingNode && m.Value.Kind == yaml.MappingNode {
			own.Merge(m.Value)
			continue
		}
		n.With(m.Name, m.Value)
	}
	return n
}

// JSON returns the document with its members in their order, indented by two spaces.
func (n Node) JSON() ([]byte, error) {
	var compact, out bytes.Buffer
	if err := n.write(&compact); err != nil {
		return nil, err
	}
	if err := json.Indent(&out, compact.Bytes(), "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func (n Node) write(b *bytes.Buffer) error {
	switch n.Kind { //nolint:exhaustive // documents have no aliases
	case yaml.MappingNode:
		return n.writeMembers(b)
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range n.Items() {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := item.write(b); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	}
	if n.Tag == "!!str" {
		return writeString(b, n.Value)
	}
	var value any
	if err := n.Decode(&value); err != nil {
		return err
	}
	text, err := json.Marshal(value)
	b.Write(text)
	return err
}

func (n Node) writeMembers(b *bytes.Buffer) error {
	b.WriteByte('{')
	for i, m := range n.Members() {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := writeString(b, m.Name); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := m.Value.write(b); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

// writeString writes a string without the escapes that only HTML needs.
func writeString(b *bytes.Buffer, s string) error {
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the encoder ends each value with a line break
	return nil
}

// Number returns an integer.
func Number(i int) Node {
	return Node{&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(i)}}
}

// Bool returns a truth value.
func Bool(b bool) Node {
	return Node{&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(b)}}
}
