package apidoc

import (
	_ "embed"
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/vidocu/usher/gateway/internal/openapi"
	"github.com/vidocu/usher/internal/platform/oauth"
)

//go:embed frame.yaml
var frameYAML []byte

// description is the description that is being written.
type description struct {
	openapi.Node
	protos Protos
}

// Description returns openapi.json: the frame, filled from the protos and the tables of errors.
func (p Protos) Description() ([]byte, error) {
	frame, err := openapi.Parse(frameYAML)
	if err != nil {
		return nil, fmt.Errorf("frame.yaml: %w", err)
	}
	d := description{frame, p}
	bindings, err := p.bindings()
	if err != nil {
		return nil, err
	}
	for _, b := range bindings {
		if err := d.addOperation(b); err != nil {
			return nil, fmt.Errorf("%s: %w", b.rpc.FullName(), err)
		}
	}
	if err := d.addErrors(); err != nil {
		return nil, err
	}
	return d.JSON()
}

// addOperation adds the operation of a method, under what the frame says about it.
func (d description) addOperation(b binding) error {
	request, response := b.rpc.Input(), b.rpc.Output()
	if err := d.addSchema(request, asked); err != nil {
		return err
	}
	if err := d.addSchema(response, returned); err != nil {
		return err
	}
	summary, text := sentences(b.rpc)
	content := openapi.Object()
	for _, media := range []string{"application/json", "application/x-www-form-urlencoded"} {
		content.With(media, openapi.Object().With("schema", schemaRef(request)))
	}
	success := openapi.Object().
		With("description", openapi.Text(comment(response))).
		With("content", openapi.Object().With("application/json", openapi.Object().With("schema", schemaRef(response))))
	operation := openapi.Object().
		With("tags", openapi.List(openapi.Text("Tokens"))).
		With("operationId", openapi.Text(lowerFirst(string(b.rpc.Name())))).
		With("summary", openapi.Text(summary)).
		With("x-errors", openapi.Text(dialects))
	if text != "" {
		operation.With("description", openapi.Text(text))
	}
	if b.method != "get" {
		operation.With("requestBody", openapi.Object().With("required", openapi.Bool(true)).With("content", content))
	}
	operation.With("responses", openapi.Object().With("200", success))
	path := d.Child("paths").Child(b.path)
	path.With(b.method, operation.Merge(path.Get(b.method)))
	return nil
}

// sentences returns the first sentence of a method's comment, without the method's name and without
// markup, and the others.
func sentences(rpc protoreflect.MethodDescriptor) (first, rest string) {
	text := strings.TrimPrefix(comment(rpc), string(rpc.Name())+" is ")
	first, rest, _ = strings.Cut(text, ". ")
	first = strings.TrimSuffix(strings.ReplaceAll(first, "`", ""), ".")
	if first == "" {
		return string(rpc.Name()), rest
	}
	return strings.ToUpper(first[:1]) + first[1:], rest
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

func schemaRef(m protoreflect.MessageDescriptor) openapi.Node {
	return openapi.Ref("schemas/" + string(m.Name()))
}

// direction is whether a message is a request or a response.
type direction bool

const (
	asked    direction = true
	returned direction = false
)

// addSchema adds the schema of a message, under what the frame says about it.
func (d description) addSchema(m protoreflect.MessageDescriptor, way direction) error {
	properties := openapi.Object()
	for i := range m.Fields().Len() {
		field := m.Fields().Get(i)
		property, err := d.property(field, way)
		if err != nil {
			return err
		}
		properties.With(string(field.Name()), property)
	}
	schema := openapi.Object().With("type", openapi.Text("object"))
	schema.With("description", openapi.Text(comment(m)))
	if len(properties.Content) > 0 {
		schema.With("properties", properties)
	}
	schemas := d.Child("components").Child("schemas")
	schemas.With(string(m.Name()), schema.Merge(schemas.Get(string(m.Name()))))
	return nil
}

// property returns the schema of a field.
func (d description) property(field protoreflect.FieldDescriptor, way direction) (openapi.Node, error) {
	value := openapi.Object()
	switch field.Kind() { //nolint:exhaustive // protojson writes the others differently, and no field is of them
	case protoreflect.StringKind:
		value.With("type", openapi.Text("string"))
	case protoreflect.BoolKind:
		value.With("type", openapi.Text("boolean"))
	case protoreflect.Int32Kind, protoreflect.Uint32Kind:
		value.With("type", openapi.Text("integer"))
	case protoreflect.MessageKind:
		if err := d.addSchema(field.Message(), way); err != nil {
			return value, err
		}
		value = schemaRef(field.Message())
	default:
		return value, fmt.Errorf("the description cannot show the field %s, which is a %s", field.Name(), field.Kind())
	}
	if field.Name() == "grant_type" {
		value.With("enum", openapi.Texts(oauth.GrantTypeNames(nil)))
	}
	if isSecret(field) {
		value.With("format", openapi.Text("password"))
	}
	if field.IsList() {
		list := openapi.Object().With("type", openapi.Text("array")).With("items", value)
		if way == returned {
			value = list
		} else { // one value may be sent as a string
			value = openapi.Object().With("oneOf", openapi.List(value, list))
		}
	}
	return value.With("description", openapi.Text(comment(field))), nil
}
