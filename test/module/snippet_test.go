package module_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// around is the program around a page's Go code, which is the body of a function.
const around = `package main

import (
	"context"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/sdk/grpcauth"
	"github.com/vidocu/usher/sdk/httpauth"
)

var _ = []any{grpc.NewServer, enforce.Unavailable, insecure.NewCredentials, httpauth.New, grpcauth.New, usher.New, credentials.NewTLS}

func page(ctx context.Context, r *http.Request, api, reports http.Handler, mux *http.ServeMux, cert, key, ca, addr string) {
`

// aroundClient is the program around the Go code of a page for clients.
const aroundClient = `package main

import (
	"context"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

var (
	ctx context.Context
	id, secret, issuer, redirectURI, state, nonce, verifier, code string
	_ = []any{oidc.NewProvider, oauth2.Config{}, clientcredentials.Config{}}
)

func page() {
`

// TestTheGoOfThePagesCompiles extracts the Go code from the pages that show the SDK, and compiles
// it.
func TestTheGoOfThePagesCompiles(t *testing.T) {
	declared := regexp.MustCompile(`(?m)^(\w+)(?:, (\w+))? :=`)
	for page, around := range map[string]string{
		"README.md": around, "docs/sdk.md": around,
		"docs/clients.md": aroundClient, "docs/devices.md": aroundClient, "docs/openid.md": aroundClient,
	} {
		text, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(text), -1)
		if len(blocks) == 0 {
			t.Errorf("%s has no Go", page)
		}
		for _, block := range blocks {
			code := around + strings.ReplaceAll(block[1], "…", "return")
			for _, names := range declared.FindAllStringSubmatch(block[1], -1) {
				for _, name := range names[1:] {
					if name != "" {
						code += "_ = " + name + "\n"
					}
				}
			}
			if out, err := build(t, code+"}\n\nfunc main() {}\n"); err != nil {
				t.Errorf("%s: %v\n%s\n%s", page, err, block[1], out)
			}
		}
	}
}

// build compiles a program as a package of this repository.
func build(t *testing.T, code string) (string, error) {
	t.Helper()
	dir, err := filepath.Abs("snippet")
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	file := filepath.Join(tmp, "main.go")
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(dir, "main.go"): file}})
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{file: []byte(code), filepath.Join(tmp, "overlay.json"): overlay} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), "go", "build", "-overlay", filepath.Join(tmp, "overlay.json"), "-o", os.DevNull, "./snippet").CombinedOutput()
	return string(out), err
}
