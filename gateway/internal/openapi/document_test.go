package openapi_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/errors"

	"github.com/vidocu/usher/gateway/internal/openapi"
	"github.com/vidocu/usher/internal/platform/catalog"
)

// serve returns the description as it is served.
func serve(t *testing.T, c *catalog.Catalog) *httptest.ResponseRecorder {
	t.Helper()
	s, err := openapi.New(openapi.Config{
		PublicURL: "https://login.test", APIURL: "https://api.test", Product: "Vidocu", Catalog: func() *catalog.Catalog { return c },
	})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, openapi.Path, nil))
	return w
}

// validate holds a description against the schema of OpenAPI 3.1.
func validate(t *testing.T, text []byte) validator.Validator {
	t.Helper()
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	v, problems := validator.NewValidator(document)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if ok, found := v.ValidateDocument(); !ok {
		t.Fatal(explain(found))
	}
	return v
}

func explain(found []*errors.ValidationError) string {
	var b strings.Builder
	for _, e := range found {
		b.WriteString("\n  " + e.Message + ": " + e.Reason)
		for _, s := range e.SchemaValidationErrors {
			b.WriteString("\n    " + s.Reason)
		}
	}
	return b.String()
}

func TestOpenAPI_TheDescriptionIsValid(t *testing.T) {
	w := serve(t, catalog.Default())
	validate(t, w.Body.Bytes())
	if w.Header().Get("Content-Type") != "application/json" || !strings.HasPrefix(w.Body.String(), "{\n  \"openapi\": \"3.1.0\"") {
		t.Errorf("served as %s: %.40s", w.Header().Get("Content-Type"), w.Body)
	}
	validate(t, serve(t, odd(t)).Body.Bytes())
}

// odd returns a catalog whose paths differ in the names of variables and in punctuation alone.
func odd(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Parse([]byte(`
scopes: [{name: "a:read", description: "\"A\" <b>"}]
endpoints:
  - {endpoint: "GET /v1/a/:id", scope: "a:read"}
  - {endpoint: "DELETE /v1/a/:name", scope: "a:read"}
  - {endpoint: "GET /v1/a-b", scope: "a:read"}
  - {endpoint: "GET /v1/a/b", scope: "a:read"}
plans: [{name: free, endpoints: [GET /v1/a-b]}]
`))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheDescriptionHasTheCatalogAndTheAddressesOfTheServer(t *testing.T) {
	root, err := openapi.Parse(serve(t, odd(t)).Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	paths := root.Get("paths")
	if !paths.Get("/v1/a/{id}", "delete", "parameters").Exists() || paths.Get("/v1/a/{name}").Exists() || paths.Get("/v1/videos").Exists() {
		t.Error("the endpoints are not those of the catalog")
	}
	if a, b := paths.Get("/v1/a-b", "get", "operationId").String(), paths.Get("/v1/a/b", "get", "operationId").String(); a == b || a == "" {
		t.Errorf("two operations are called %s", a)
	}
	if text := paths.Get("/v1/a-b", "get", "description").String(); !strings.Contains(text, "Plans: free.") {
		t.Errorf("the plans of an endpoint are %q", text)
	}
	if text := paths.Get("/v1/a/b", "get", "description").String(); !strings.Contains(text, "Plans: none.") {
		t.Errorf("the plans of an endpoint that no plan includes are %q", text)
	}
	flow := root.Get("components", "securitySchemes", "oauth", "flows", "authorizationCode")
	for name, want := range map[string]string{"authorizationUrl": "https://login.test/oauth/authorize", "tokenUrl": "https://api.test/oauth/token"} {
		if got := flow.Get(name).String(); got != want {
			t.Errorf("%s is %s", name, got)
		}
	}
	if flow.Get("scopes", "a:read").String() != `"A" <b>` {
		t.Error("the scopes are not those of the catalog")
	}
	if root.Get("servers").Items()[0].Get("url").String() != "https://api.test" ||
		paths.Get("/oauth/authorize", "servers").Items()[0].Get("url").String() != "https://login.test" {
		t.Error("the servers are not this one's")
	}
}

// exchange is an example: a request or a response of an operation.
type exchange struct {
	method, path, media string
	status              int // 0 for a request
	body                openapi.Node
}

// examples returns every example of a description.
func examples(root openapi.Node) []exchange {
	var all []exchange
	resolve := func(n openapi.Node) openapi.Node {
		if ref := n.Get("$ref").String(); ref != "" {
			return root.Get(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		}
		return n
	}
	for _, path := range root.Get("paths").Members() {
		for _, operation := range path.Value.Members() {
			add := func(status int, content openapi.Node) {
				for _, media := range content.Members() {
					one := exchange{method: strings.ToUpper(operation.Name), path: path.Name, media: media.Name, status: status}
					for _, example := range media.Value.Get("examples").Members() {
						one.body = example.Value.Get("value")
						all = append(all, one)
					}
					if one.body = media.Value.Get("example"); one.body.Exists() {
						all = append(all, one)
					}
				}
			}
			add(0, operation.Value.Get("requestBody", "content"))
			for _, response := range operation.Value.Get("responses").Members() {
				if status, err := strconv.Atoi(response.Name); err == nil {
					add(status, resolve(response.Value).Get("content"))
				}
			}
		}
	}
	return all
}

// encode returns an example as it is sent.
func (e exchange) encode(t *testing.T) []byte {
	t.Helper()
	if strings.HasSuffix(e.media, "form-urlencoded") {
		form := url.Values{}
		for _, m := range e.body.Members() {
			form.Set(m.Name, m.Value.String())
		}
		return []byte(form.Encode())
	}
	text, err := e.body.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestOpenAPI_TheExamplesFitTheSchemas(t *testing.T) {
	text := serve(t, catalog.Default()).Body.Bytes()
	root, err := openapi.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	v := validate(t, text)
	requests, responses := 0, 0
	for _, e := range examples(root) {
		address := "https://api.test" + strings.NewReplacer("{", "", "}", "").Replace(e.path)
		body := e.encode(t)
		request := httptest.NewRequest(e.method, address, bytes.NewReader(body))
		request.Header.Set("Content-Type", e.media)
		request.Header.Set("Authorization", "Bearer vdo_reg_example") // where an operation requires one
		if e.status == 0 {
			requests++
			if ok, found := v.ValidateHttpRequest(request); !ok {
				t.Errorf("a request of %s %s: %s%s", e.method, e.path, body, explain(found))
			}
			continue
		}
		responses++
		response := &http.Response{StatusCode: e.status, Header: http.Header{"Content-Type": {e.media}}, Body: io.NopCloser(bytes.NewReader(body))}
		if ok, found := v.ValidateHttpResponse(request, response); !ok {
			t.Errorf("a response %d of %s %s: %s%s", e.status, e.method, e.path, body, explain(found))
		}
	}
	if requests < 9 || responses < 100 {
		t.Errorf("only %d requests and %d responses were found", requests, responses)
	}
}
