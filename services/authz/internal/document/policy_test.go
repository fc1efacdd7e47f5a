package document_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/document"
)

func wantKind(t *testing.T, what string, err error, want document.Kind) {
	t.Helper()
	var failed *document.Failure
	if !errors.As(err, &failed) || failed.Kind != want || failed.Detail == "" {
		t.Errorf("%s: %v, want a failure of the kind %s", what, err, want)
	}
}

func TestN5_2_TheURLOfADocument(t *testing.T) {
	open := document.Policy{Open: true, Hosts: []string{"client.example:8443", "client.example"}}
	for _, id := range []string{
		"https://a.example/client.json", "https://a.example/x/..y/z", "https://a.example/%7Euser", "https://xn--bcher-kva.example/c", "https://a.example/a/",
		"https://client.example:8443/c", "https://a.example/" + strings.Repeat("a", client.MaxDocumentURL-len("https://a.example/")),
	} {
		if err := open.Check(id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	for _, id := range []string{
		"https://a.example", "https://a.example/", "https:///c", "https://", "https:a.example/c", "http://a.example/c", "HTTPS://a.example/c",
		"https://user@a.example/c", "https://user:secret@a.example/c", "https://@a.example/c", "https://a.example/c#", "https://a.example/c#f",
		"https://a.example/c?", "https://a.example/c?x=1", "https://a.example:8443/c", "https://a.example:443/c", "https://a.example:/c",
		"https://a.example/./c", "https://a.example/../c", "https://a.example/c/..", "https://a.example/%2e/c", "https://a.example/%2E%2e/c",
		"https://a.example/.%2e/c", "https://a.example/x%2f..%2fc", "https://a.example/x%5c..%5cc", "https://a.example/..;/c", "https://a.example/%2e%2e;x/c",
		"https://a.example/%zz", "https://a.example/c d", "https://a.example/c\x00", "https://a.example/c\n", "https://a.example\\@b.example/c",
		"https://bücher.example/c", "https://[::1/c", "https://a.example/\"", "https://a.example/" + strings.Repeat("a", client.MaxDocumentURL),
		"https://127.0.0.1:8080/c", "http://127.0.0.1:8080/c", "http://localhost/c", "", "vdo_client_x",
	} {
		wantKind(t, id, open.Check(id), document.NotAccepted)
	}
}

func TestN5_1_OnlyTheListedHostsAreAccepted(t *testing.T) {
	listed := document.Policy{Hosts: []string{"client.example"}}
	if err := listed.Check("https://client.example/c"); err != nil {
		t.Error(err)
	}
	for _, host := range []string{"a.client.example", "client.example.evil.example", "evilclient.example", "Client.Example", "client.example.", "client.example:443"} {
		wantKind(t, host, listed.Check("https://"+host+"/c"), document.NotAccepted)
	}
	if err := (document.Policy{Loopback: true}).Check("http://127.0.0.1:8080/c"); err != nil {
		t.Error(err)
	}
	for _, id := range []string{"http://10.0.0.1/c", "http://localhost.evil.example/c", "http://127.0.0.1/", "http://127.0.0.1/../c", "https://client.example/c"} {
		wantKind(t, id, document.Policy{Loopback: true}.Check(id), document.NotAccepted)
	}
}
