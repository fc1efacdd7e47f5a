package registration

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
)

// FuzzMetadata: a parsed body is UTF-8 that gRPC can carry, repeated members are refused, and the
// values are those of the standard library.
func FuzzMetadata(f *testing.F) {
	for _, seed := range []string{
		`{"redirect_uris":["https://a.test/cb"],"client_name":"a","scope":null,"jwks":{"keys":[]}}`, `{"a":1,"a":2}`, `{"client_name":"a","client_name":"b"}`,
		`{"contacts":[null]}`, `{"client_name":"\ud800"}`, `{} {}`, `{}}`, `[`, `{"redirect_uris":{"0":"a"}}`, `{"grant_types":["a","\u0000"]}`, `null`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		found, err := parse([]byte(body))
		if err != nil {
			return
		}
		var same map[string]json.RawMessage
		if err := json.Unmarshal([]byte(body), &same); err != nil || !utf8.ValidString(body) {
			t.Fatalf("%q is parsed, and is no JSON object: %v", body, err)
		}
		metadata, err := found.metadata()
		if err != nil {
			return
		}
		if _, err := proto.Marshal(metadata); err != nil {
			t.Errorf("%q gives %v: %v", body, metadata, err)
		}
		var name string
		if sent, ok := same["client_name"]; ok && (json.Unmarshal(sent, &name) != nil || name != metadata.GetClientName()) {
			t.Errorf("%q has the name %q, and not %q", body, metadata.GetClientName(), name)
		}
	})
}

// TestRFC7592_2_2_AnUpdateChoosesNoCredentials.
func TestRFC7592_2_2_AnUpdateChoosesNoCredentials(t *testing.T) {
	for body, member := range map[string]string{
		`{"client_id":"a","registration_access_token":""}`: "registration_access_token", `{"client_id":"a","client_id_issued_at":0}`: "client_id_issued_at",
		`{"client_id":"b"}`: "client_id", `{}`: "client_id", `{"client_id":["a"]}`: "client_id", `{"client_id":"a","client_secret":""}`: "client_secret",
		`{"client_id":"a","client_secret":1}`: "client_secret",
	} {
		found, err := parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := found.update("a"); err == nil || !strings.HasPrefix(err.Error(), member+" ") {
			t.Errorf("%s: %v", body, err)
		}
	}
}
