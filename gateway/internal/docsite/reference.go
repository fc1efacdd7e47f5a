package docsite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vidocu/usher/gateway/internal/openapi"
)

// ReferencePath is the address of the reference of the API, which is rendered from its description.
const ReferencePath = Path + "/" + referencePage

const referencePage = "api"

// reference writes the reference of an API as Markdown.
type reference struct {
	strings.Builder
	root openapi.Node
}

// referenceOf returns the reference of a description as Markdown.
func referenceOf(root openapi.Node) []byte {
	r := &reference{root: root}
	r.line("# API reference", "", root.Get("info", "description").String())
	r.line("This page is rendered from [openapi.json]("+openapi.Path+"), an OpenAPI 3.1 description for tools that generate clients.", "")
	for _, tag := range root.Get("tags").Items() {
		name := tag.Get("name").String()
		r.line("## "+name, "", tag.Get("description").String(), "")
		for _, path := range root.Get("paths").Members() {
			for _, operation := range path.Value.Members() {
				if tags := operation.Value.Get("tags").Items(); len(tags) > 0 && tags[0].String() == name {
					r.operation(strings.ToUpper(operation.Name)+" "+path.Name, operation.Value)
				}
			}
		}
	}
	return []byte(r.String())
}

func (r *reference) line(lines ...string) {
	for _, line := range lines {
		r.WriteString(line + "\n")
	}
}

// resolve follows a reference to a component.
func (r *reference) resolve(n openapi.Node) openapi.Node {
	if ref := n.Get("$ref").String(); ref != "" {
		return r.root.Get(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	return n
}

func (r *reference) operation(name string, o openapi.Node) {
	r.line("### "+name, "", plainText(o.Get("summary").String())+".", "")
	if description := o.Get("description").String(); description != "" {
		r.line(description, "")
	}
	var parameters []field
	for _, item := range o.Get("parameters").Items() {
		p := r.resolve(item)
		parameters = append(parameters, field{
			name: p.Get("name").String(), kind: kindOf(p.Get("schema")), required: p.Get("required").String() == "true", text: p.Get("description").String(),
		})
	}
	r.fields("parameter", parameters)
	content := o.Get("requestBody", "content")
	if media := content.Members(); len(media) > 0 {
		names := make([]string, len(media))
		for i, m := range media {
			names[i] = "`" + m.Name + "`"
		}
		r.line("Request: "+strings.Join(names, " or ")+".", "")
		r.fields("field", r.properties(media[0].Value.Get("schema"), ""))
		for _, m := range media {
			r.examples(m.Name, m.Value)
		}
	}
	r.responses(o.Get("responses"))
}

// responses writes the fields of a successful response, and a row for each status.
func (r *reference) responses(all openapi.Node) {
	for _, response := range all.Members() {
		if media := r.resolve(response.Value).Get("content", "application/json"); strings.HasPrefix(response.Name, "2") && media.Exists() {
			if fields := r.properties(media.Get("schema"), ""); len(fields) > 0 {
				r.line("Response "+response.Name+":", "")
				r.fields("field", fields)
			}
			r.examples("application/json", media)
		}
	}
	r.line("| status | |", "| --- | --- |")
	for _, response := range all.Members() {
		found := r.resolve(response.Value)
		var codes []string
		for _, media := range found.Get("content").Members() {
			for _, example := range media.Value.Get("examples").Members() {
				if code := errorCode(example.Value.Get("value")); code != "" && !slices.Contains(codes, code) {
					codes = append(codes, code)
				}
			}
		}
		text := cellOf(found.Get("description").String())
		if len(codes) > 0 {
			text += " `" + strings.Join(codes, "` `") + "`"
		}
		r.line("| " + response.Name + " | " + text + " |")
	}
	r.line("")
}

// errorCode returns the code of an error in any of the formats; empty for any other body.
func errorCode(body openapi.Node) string {
	for _, path := range [][]string{{"error", "code"}, {"error"}, {"name"}} {
		if code := body.Get(path...).String(); code != "" {
			return code
		}
	}
	return ""
}

// field is a row of a table.
type field struct {
	name, kind, text string
	required         bool
}

// properties returns the fields of an object, with those of objects in it under their path.
func (r *reference) properties(schema openapi.Node, prefix string) []field {
	schema = r.resolve(schema)
	var required []string
	for _, item := range schema.Get("required").Items() {
		required = append(required, item.String())
	}
	var fields []field
	for _, p := range schema.Get("properties").Members() {
		fields = append(fields, field{
			name: prefix + p.Name, kind: kindOf(p.Value), required: slices.Contains(required, p.Name), text: p.Value.Get("description").String(),
		})
		fields = append(fields, r.properties(p.Value, prefix+p.Name+".")...)
		fields = append(fields, r.properties(p.Value.Get("items"), prefix+p.Name+"[].")...)
	}
	return fields
}

// kindOf returns the type of a value, and the values that it may have.
func kindOf(schema openapi.Node) string {
	if one := schema.Get("oneOf").Items(); len(one) > 0 {
		return kindOf(one[0]) + " or " + kindOf(one[1])
	}
	kind := schema.Get("type").String()
	if kind == "array" {
		kind = "list of " + kindOf(schema.Get("items")) + "s"
	}
	var values []string
	for _, value := range append(schema.Get("enum").Items(), schema.Get("const")) {
		if value.Exists() {
			values = append(values, "`"+value.String()+"`")
		}
	}
	if len(values) > 0 {
		kind += ": " + strings.Join(values, ", ")
	}
	return kind
}

func (r *reference) fields(heading string, fields []field) {
	if len(fields) == 0 {
		return
	}
	r.line("| "+heading+" | type | |", "| --- | --- | --- |")
	for _, f := range fields {
		text := cellOf(f.text)
		if f.required {
			text = strings.TrimSpace("**Required.** " + text)
		}
		r.line(fmt.Sprintf("| `%s` | %s | %s |", f.name, f.kind, text))
	}
	r.line("")
}

// examples writes the examples of a body.
func (r *reference) examples(media string, content openapi.Node) {
	if example := content.Get("example"); example.Exists() {
		r.example("Example", media, example)
	}
	for _, example := range content.Get("examples").Members() {
		r.example(example.Value.Get("summary").String(), media, example.Value.Get("value"))
	}
}

func (r *reference) example(summary, media string, value openapi.Node) {
	text, err := value.JSON()
	if err != nil {
		panic(err) // the description was written as JSON before
	}
	if strings.HasSuffix(media, "form-urlencoded") {
		text = []byte(formOf(value) + "\n")
	}
	r.line(summary+":", "", "```", strings.TrimSuffix(string(text), "\n"), "```", "")
}

// formOf returns a body as a form, with the characters of placeholders as they are.
func formOf(value openapi.Node) string {
	var pairs []string
	for _, m := range value.Members() {
		pairs = append(pairs, m.Name+"="+m.Value.String())
	}
	return strings.Join(pairs, "&")
}

// cellOf returns a description for a cell of a table.
func cellOf(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

// plainText returns a text of the operator's catalog or of this repository without markup.
func plainText(text string) string { return cellText(strings.TrimSuffix(text, ".")) }
