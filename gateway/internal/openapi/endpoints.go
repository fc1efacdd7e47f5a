package openapi

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/sdk/enforce"
)

// addEndpoints adds an operation for each endpoint of the catalog.
func addEndpoints(paths Node, c *catalog.Catalog) {
	templates, used := map[string]string{}, map[string]int{}
	for _, e := range c.Endpoints() {
		shape, path, variables := template(e.Path)
		if templates[shape] == "" {
			templates[shape] = path
		}
		// Two paths that differ only in the names of variables are one (OpenAPI §4.8.8).
		if path != templates[shape] {
			_, path, variables = template(colons(templates[shape]))
		}
		item := paths.Child(path)
		if method := strings.ToLower(e.Method); !item.Get(method).Exists() {
			o := operation(e, variables, c)
			id := o.Get("operationId").String()
			if used[id]++; used[id] > 1 {
				o.With("operationId", Text(fmt.Sprintf("%s%d", id, used[id])))
			}
			item.With(method, o)
		}
	}
}

// template returns a path of the catalog with braces for its variables, the same without their
// names, and the variables.
func template(path string) (shape, braces string, variables []string) {
	segments := strings.Split(path, "/")
	shapes := append([]string(nil), segments...)
	for i, segment := range segments {
		if name, ok := strings.CutPrefix(segment, ":"); ok {
			variables = append(variables, name)
			segments[i], shapes[i] = "{"+name+"}", ":"
		}
	}
	return strings.Join(shapes, "/"), strings.Join(segments, "/"), variables
}

// colons returns a path with braces as the catalog writes it.
func colons(path string) string { return strings.NewReplacer("{", ":", "}", "").Replace(path) }

// operation returns the operation of an endpoint.
func operation(e enforce.Endpoint, variables []string, c *catalog.Catalog) Node {
	o := Object().With("tags", List(Text("API"))).With("operationId", Text(operationID(e)))
	if description, ok := c.Describe(e.Scope); ok {
		o.With("summary", Text(description))
	}
	o.With("description", Text("Scope: `"+e.Scope+"`. Plans: "+plansWith(e, c)+"."))
	o.With("security", List(Object().With("oauth", Texts([]string{e.Scope})), Object().With("apiKey", List())))
	if len(variables) > 0 {
		parameters := List()
		for _, name := range variables {
			parameters.Content = append(parameters.Content, Object().With("name", Text(name)).With("in", Text("path")).
				With("required", Bool(true)).With("schema", Object().With("type", Text("string"))).Node)
		}
		o.With("parameters", parameters)
	}
	return o.With("responses", Object().
		With("401", Ref("responses/Unauthenticated")).With("403", Ref("responses/Forbidden")).
		With("503", Ref("responses/Unavailable")).With("default", Ref("responses/Upstream")))
}

// operationID returns a name such as postVideosExport.
func operationID(e enforce.Endpoint) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(e.Method))
	for _, segment := range strings.Split(e.Path, "/") {
		for _, word := range strings.FieldsFunc(segment, func(r rune) bool { return !isLetterOrDigit(r) }) {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

func isLetterOrDigit(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// plansWith returns the names of the plans that include an endpoint.
func plansWith(e enforce.Endpoint, c *catalog.Catalog) string {
	var names []string
	for _, plan := range c.Plans() {
		if slices.Contains(plan.Endpoints, e) {
			names = append(names, plan.Name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
