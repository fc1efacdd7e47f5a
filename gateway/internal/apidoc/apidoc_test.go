package apidoc_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/vidocu/usher/gateway/internal/apidoc"
	"github.com/vidocu/usher/gateway/internal/openapi"
	_ "github.com/vidocu/usher/gen/usher/error/v1" // the protos that are read
	_ "github.com/vidocu/usher/gen/usher/token/v1"
)

// linked returns the protos that are linked into this program, which have no comments, after a
// change.
func linked(t *testing.T, change func(*descriptorpb.FileDescriptorProto)) apidoc.Protos {
	t.Helper()
	var files []*descriptorpb.FileDescriptorProto
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		f := protodesc.ToFileDescriptorProto(file)
		change(f)
		files = append(files, f)
		return true
	})
	protos, err := apidoc.NewProtos(files)
	if err != nil {
		t.Fatal(err)
	}
	return protos
}

func describe(t *testing.T, change func(*descriptorpb.FileDescriptorProto)) openapi.Node {
	t.Helper()
	text, err := linked(t, change).Description()
	if err != nil {
		t.Fatal(err)
	}
	root, err := openapi.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func nothing(*descriptorpb.FileDescriptorProto) {}

func TestACauseWithoutAnExplanationIsRefused(t *testing.T) {
	if _, err := linked(t, nothing).ErrorsPage(); err == nil || !strings.Contains(err.Error(), "CAUSE_PARAMETER_MISSING has no comment") {
		t.Errorf("a cause without a comment: %v", err)
	}
}

// TestAMethodWithAnHTTPRuleIsDescribed although the frame does not know it.
func TestAMethodWithAnHTTPRuleIsDescribed(t *testing.T) {
	root := describe(t, func(f *descriptorpb.FileDescriptorProto) {
		if f.GetName() != "usher/token/v1/oauth_service.proto" {
			return
		}
		service := f.GetService()[0]
		first := slices.IndexFunc(service.GetMethod(), func(m *descriptorpb.MethodDescriptorProto) bool { return m.GetName() == "IssueToken" })
		method, ok := proto.Clone(service.GetMethod()[first]).(*descriptorpb.MethodDescriptorProto)
		if !ok {
			t.Fatal("no method")
		}
		method.Name = proto.String("AnotherEndpoint")
		service.Method = append(service.Method, method)
		method.Options = &descriptorpb.MethodOptions{}
		proto.SetExtension(method.GetOptions(), annotations.E_Http, &annotations.HttpRule{Pattern: &annotations.HttpRule_Post{Post: "/oauth/another"}, Body: "*"})
	})
	operation := root.Get("paths", "/oauth/another", "post")
	if operation.Get("operationId").String() != "anotherEndpoint" || operation.Get("x-errors").Exists() {
		t.Error("the method is not described, or with an internal member")
	}
	for _, media := range []string{"application/json", "application/x-www-form-urlencoded"} {
		if got := operation.Get("requestBody", "content", media, "schema", "$ref").String(); got != "#/components/schemas/IssueTokenRequest" {
			t.Errorf("the request as %s is %q", media, got)
		}
	}
	for _, status := range []string{"200", "400", "401", "413", "415", "429", "503"} {
		if !operation.Get("responses", status).Exists() {
			t.Errorf("there is no response %s", status)
		}
	}
}

func TestTheErrorsOfAnOperationAreThoseOfItsFormat(t *testing.T) {
	root := describe(t, nothing)
	codes := func(status, member string) (found []string) {
		name := strings.TrimPrefix(root.Get("paths", "/oauth/token", "post", "responses", status, "$ref").String(), "#/components/responses/")
		for _, example := range root.Get("components", "responses", name, "content", "application/json", "examples").Members() {
			if member == "" || strings.HasSuffix(example.Name, member) {
				found = append(found, example.Name)
			}
		}
		return found
	}
	if got := strings.Join(codes("400", "(form)"), ", "); !strings.Contains(got, "invalid_grant (form)") || !strings.Contains(got, "invalid_scope (form)") {
		t.Errorf("the errors 400 of forms are %s", got)
	}
	if got := strings.Join(codes("401", "(JSON)"), ", "); got != "authentication_error (JSON)" {
		t.Errorf("the errors 401 of JSON are %s", got)
	}
	if root.Get("paths", "/oauth/authorize", "get", "responses", "413").Exists() {
		t.Error("the authorization endpoint has the errors of another")
	}
}

func TestTheFieldsOfAMessageAreDescribed(t *testing.T) {
	schemas := describe(t, nothing).Get("components", "schemas")
	for _, row := range []struct{ message, field, member, want string }{
		{"IssueTokenRequest", "client_secret", "format", "password"},
		{"IssueTokenRequest", "code_verifier", "type", "string"},
		{"IssueTokenResponse", "expires_in", "type", "integer"},
		{"AuthorizationRequest", "nonce", "type", "string"},
		{"IntrospectClientTokenResponse", "active", "type", "boolean"},
		{"IntrospectClientTokenResponse", "aud", "type", "array"},
	} {
		if got := schemas.Get(row.message, "properties", row.field, row.member).String(); got != row.want {
			t.Errorf("%s of %s.%s is %q, want %q", row.member, row.message, row.field, got, row.want)
		}
	}
	if types := schemas.Get("IssueTokenResponse", "properties", "token_type", "enum").Items(); len(types) != 2 || types[1].String() != "DPoP" {
		t.Errorf("the token types are %v", types)
	}
	if one := schemas.Get("IssueTokenRequest", "properties", "resource", "oneOf").Items(); len(one) != 2 {
		t.Error("a parameter that may be repeated is not a string or a list")
	}
}
