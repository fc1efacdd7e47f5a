package attack

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// dumpStores returns everything that is stored: every table of every database, and every key and
// value in Redis.
func dumpStores(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for service, url := range shared.servers.Databases {
		dump, err := exec.CommandContext(t.Context(), shared.servers.Tool("pg_dump"), "--data-only", "--inserts", "--dbname", url).CombinedOutput()
		if err != nil {
			t.Fatalf("dumping %s: %v %s", service, err, dump)
		}
		all.Write(dump)
	}
	ctx := context.WithoutCancel(t.Context())
	redis := shared.servers.Redis()
	for _, key := range keys(t) {
		value, _ := redis.Get(ctx, key).Result() // it may have expired meanwhile
		fmt.Fprintf(&all, "%s\n%s\n", key, value)
	}
	return all.String()
}

// userToken signs a user in at the user API and returns the user token.
func userToken(t *testing.T) string {
	t.Helper()
	a := send(t, httpRequest{Path: "/api/v1/user/authenticate", Type: typeJSON, Body: `{"emailAddress":"` + harness.EstherEmail + `","password":"` + harness.UserPassword + `"}`})
	expect.Equal(t, "status of signing in at the user API", a.Status, http.StatusOK)
	return strings.Trim(strings.TrimSpace(a.Raw), `"`)
}

// TestCase118_NothingAtRestCanBeUsed: no store holds a credential that was sent or issued, in plain
// text or encoded.
func TestCase118_NothingAtRestCanBeUsed(t *testing.T) {
	b := shared.NewBrowser()
	request := harness.Request{ClientID: harness.PublicID, Verifier: harness.NewVerifier()}
	tokens, err := shared.Issue(b, request) // the session, the browser cookie and the request are valid too
	expect.NoError(t, err)
	code, err := b.Approve(harness.Request{})
	expect.NoError(t, err)
	shared.RecordSecret("code_verifier", request.Verifier)
	shared.RecordSecret("password", harness.UserPassword)
	shared.RecordSecret("user token", userToken(t))
	key, err := createKey(t)
	expect.NoError(t, err)
	shared.RecordSecret("API key", key)
	shared.RecordSecret("code", code)
	shared.RecordSecret("access token", tokens.Access)
	all := dumpStores(t)
	if !strings.Contains(all, harness.JohnEmail) || !strings.Contains(all, "$argon2id$") || !strings.Contains(all, "authz:code:") {
		t.Fatal("the stores were not read: the dump has no users, passwords or codes")
	}
	secrets := shared.Secrets()
	if len(secrets) < 15 {
		t.Fatalf("only %d secrets are recorded", len(secrets))
	}
	for text, kind := range secrets {
		for form, found := range map[string]string{
			"plain": text, "hex": hex.EncodeToString([]byte(text)), "base64": base64.RawStdEncoding.EncodeToString([]byte(text))[:len(text)*4/3],
			"base64url": base64.RawURLEncoding.EncodeToString([]byte(text))[:len(text)*4/3], "its body": text[min(len(text)-10, 8):],
		} {
			if at := strings.Index(all, found); at >= 0 {
				t.Errorf("a %s is stored, %s: %.120s", kind, form, all[max(0, at-60):])
			}
		}
	}
}

// createKey creates an API key as an operator does.
func createKey(t *testing.T) (string, error) {
	t.Helper()
	out, err := shared.Operate(t.Context(), shared.bins, "api-keys", "create", "ws_acme", "--name", "case118")
	return strings.TrimSpace(out), err
}

// alphabet is the alphabet of tokens (docs/wire-contract.md §3).
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// TestCase118_TokensAreRandom: no token repeats, also after a restart, and every character is
// equally likely at every position.
func TestCase118_TokensAreRandom(t *testing.T) {
	seen, bodies := map[string]bool{}, []string{}
	collect := func(n int) {
		var tokens harness.Tokens
		eventually(t, "issuing tokens", func() (issued bool) { // callers of the restarted process reconnect
			var err error
			tokens, err = shared.Issue(shared.NewBrowser(), harness.Request{})
			return err == nil
		})
		refresh := tokens.Refresh
		for range n {
			a, err := shared.Refresh(refresh)
			expect.NoError(t, err)
			refresh = a.Text("refresh_token")
			for name, prefix := range map[string]string{"access_token": "vdo_oat_", "refresh_token": "vdo_ort_"} {
				token := a.Text(name)
				body, ok := strings.CutPrefix(token, prefix)
				if !ok || len(body) != 49 || seen[token] {
					t.Fatalf("%s %q is malformed, or was issued before", name, token)
				}
				seen[token] = true
				bodies = append(bodies, body[:43]) // the rest is the checksum
			}
		}
	}
	collect(200 * (*crowd))
	_, err := shared.StopOne("token")
	expect.NoError(t, err)
	expect.NoError(t, shared.StartOne("token"))
	collect(200 * (*crowd))

	single, pairs, n := map[byte]int{}, map[string]int{}, 0
	for _, body := range bodies {
		for i := range len(body) {
			if strings.IndexByte(alphabet, body[i]) < 0 {
				t.Fatalf("%q has a character outside the alphabet", body[i])
			}
			n++
			single[body[i]]++
			if i > 0 {
				pairs[body[i-1:i+1]]++
			}
		}
	}
	// A chi square with k-1 degrees of freedom has the mean k-1 and the standard deviation
	// √(2(k-1)): a distance of eight standard deviations does not happen by chance.
	uneven(t, "characters", len(alphabet), n, func(yield func(int)) {
		for i := range alphabet {
			yield(single[alphabet[i]])
		}
	})
	uneven(t, "pairs of characters", len(alphabet)*len(alphabet), n-len(bodies), func(yield func(int)) {
		for i := range alphabet {
			for j := range alphabet {
				yield(pairs[string([]byte{alphabet[i], alphabet[j]})])
			}
		}
	})
}

func uneven(t *testing.T, what string, kinds, n int, each func(yield func(count int))) {
	t.Helper()
	expected, sum := float64(n)/float64(kinds), 0.0
	each(func(count int) { sum += (float64(count) - expected) * (float64(count) - expected) / expected })
	freedom := float64(kinds - 1)
	if limit := freedom + 8*math.Sqrt(2*freedom); sum > limit {
		t.Errorf("%s are not uniform: chi square is %.0f, more than %.0f", what, sum, limit)
	}
}
