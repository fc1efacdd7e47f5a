package code_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/oauth/oauthtest"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/code"
)

const lifetime = 10 * time.Minute

func approved() oauth.ApprovedRequest {
	return oauth.ApprovedRequest{
		AuthorizationRequest: oauth.AuthorizationRequest{
			CodeBinding: oauth.CodeBinding{ClientID: authztest.Web, RedirectURI: authztest.WithQuery, CodeChallenge: authztest.Challenge},
			Scope:       oauth.Scope{"videos:read", "analyze:write"},
		},
		UserID: "usr_john", DisplayName: "John “J” <Doe> \u2028 & 😀", WorkspaceID: "ws_acme", Epoch: 1<<62 + 1,
	}
}

func newStore() (*code.Store, *authztest.Entries, *authztest.Clock) {
	entries, clock := authztest.NewEntries(), authztest.NewClock()
	return &code.Store{Entries: entries, Lifetime: lifetime, Now: clock.Now}, entries, clock
}

func mint(t *testing.T, s *code.Store, a oauth.ApprovedRequest) secret.String {
	t.Helper()
	minted := secret.NewCode()
	if err := s.Keep(t.Context(), minted, a, authztest.NewClock().Now()); err != nil {
		t.Fatal(err)
	}
	return minted
}

func TestACodeFollowsFromBrowserRequestAndAttempt(t *testing.T) {
	browser, id := secret.NewCode(), secret.NewCode().Reveal()
	first := code.Derive(browser, id, 1)
	if !secret.ValidCode(first.Reveal()) || !first.Equal(code.Derive(browser, id, 1)) {
		t.Errorf("the code of one decision is %d characters, or another the second time", len(first.Reveal()))
	}
	for name, other := range map[string]secret.String{
		"another browser": code.Derive(secret.NewCode(), id, 1), "another request": code.Derive(browser, secret.NewCode().Reveal(), 1),
		"a fresh code": code.Derive(browser, id, 2), "parts cut elsewhere": code.Derive(browser, id+"\x001", 1), "the browser's value": browser,
	} {
		if other.Equal(first) {
			t.Errorf("%s: the same code", name)
		}
	}
}

func TestADroppedCodeIsNone(t *testing.T) {
	s, entries, clock := newStore()
	minted := mint(t, s, approved())
	for range 2 { // a missing code is not an error
		if err := s.Drop(t.Context(), minted); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Resolve(t.Context(), minted); !errors.Is(err, code.ErrInvalid) {
		t.Errorf("a dropped code: %v, want ErrInvalid", err)
	}
	entries.Break("Delete", shortlived.ErrUnavailable)
	if err := s.Drop(t.Context(), minted); !errors.Is(err, shortlived.ErrUnavailable) {
		t.Errorf("Drop: %v, want ErrUnavailable", err)
	}
	decided := clock.Now()
	clock.Advance(lifetime)
	if err := s.Keep(t.Context(), minted, approved(), decided); !errors.Is(err, code.ErrInvalid) || s.Live(decided) {
		t.Errorf("a code whose time is over is kept: %v", err)
	}
}

func TestKeepingACodeAgainExtendsNothing(t *testing.T) {
	s, entries, clock := newStore()
	minted, decided := secret.NewCode(), clock.Now()
	for range 3 {
		if err := s.Keep(t.Context(), minted, approved(), decided); err != nil {
			t.Fatal(err)
		}
		clock.Advance(lifetime / 4)
	}
	if _, ttl := entries.Kept(entries.Keys()[0]); ttl != lifetime/2+lifetime { // plus one lifetime in which the cause of a refusal is still known
		t.Errorf("kept for %s more, want %s", ttl, lifetime/2+lifetime)
	}
	clock.Advance(lifetime / 4)
	if _, err := s.Resolve(t.Context(), minted); !errors.Is(err, code.ErrInvalid) {
		t.Errorf("a code at its end: %v, want ErrInvalid", err)
	}
}

func TestRFC6749_4_1_2_ACodeStandsForWhatWasApprovedHoweverOftenItIsRead(t *testing.T) {
	s, entries, _ := newStore()
	least := oauth.ApprovedRequest{AuthorizationRequest: oauth.AuthorizationRequest{
		CodeBinding: oauth.CodeBinding{ClientID: authztest.Web}, Scope: oauth.Scope{"videos:read"},
	}}
	for _, want := range []oauth.ApprovedRequest{approved(), least} {
		minted := mint(t, s, want)
		if !secret.ValidCode(minted.Reveal()) {
			t.Errorf("%d characters are not a code of docs/wire-contract.md §3", len(minted.Reveal()))
		}
		kept := len(entries.Keys())
		for range 3 {
			got, err := s.Resolve(t.Context(), minted)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("facts (-want +got):\n%s", diff)
			}
		}
		if len(entries.Keys()) != kept {
			t.Error("reading a code changes what is kept")
		}
	}
}

func TestEveryFieldOfACodeIsStored(t *testing.T) {
	s, _, _ := newStore()
	want := oauthtest.Approved()
	got, err := s.Resolve(t.Context(), mint(t, s, want))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, read (-want +got):\n%s", err, diff)
	}
}

// TestRelease01ReadsWhatIsStored: processes of release 0.1 and of this release share the store
// during an upgrade. The JSON is what release 0.1.0 stored.
func TestRelease01ReadsWhatIsStored(t *testing.T) {
	const stored = `{"client":"vdo_client_web","uri":"aHR0cHM6Ly9hcHAudGVzdC9jYj94PTEmeT3DqQ==",` +
		`"challenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM","user":"usr_john","name":"John Doe",` +
		`"workspace":"ws_acme","scope":["videos:read","analyze:write"],"epoch":7,"deadline":4102444800000000}`
	s, entries, _ := newStore()
	minted := mint(t, s, approved())
	if err := entries.Put(t.Context(), entries.Keys()[0], []byte(stored), lifetime); err != nil {
		t.Fatal(err)
	}
	read, err := s.Resolve(t.Context(), minted)
	if err != nil {
		t.Fatal(err)
	}
	want := oauth.ApprovedRequest{
		AuthorizationRequest: oauth.AuthorizationRequest{
			CodeBinding: oauth.CodeBinding{
				ClientID: "vdo_client_web", RedirectURI: "https://app.test/cb?x=1&y=é", CodeChallenge: authztest.Challenge,
			},
			Scope: oauth.Scope{"videos:read", "analyze:write"},
		},
		UserID: "usr_john", DisplayName: "John Doe", WorkspaceID: "ws_acme", Epoch: 7,
	}
	if diff := cmp.Diff(want, read); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
	mint(t, s, read)
	var was, is map[string]any
	for _, key := range entries.Keys() {
		value, _ := entries.Kept(key)
		if string(value) == stored {
			continue
		}
		if err := errors.Join(json.Unmarshal([]byte(stored), &was), json.Unmarshal(value, &is)); err != nil {
			t.Fatal(err)
		}
	}
	delete(was, "deadline")
	delete(is, "deadline")
	if diff := cmp.Diff(was, is); diff != "" {
		t.Errorf("stored (-release 0.1 +this one):\n%s", diff)
	}
}

func TestNoTwoCodesAreAlike(t *testing.T) {
	s, _, _ := newStore()
	one, other := mint(t, s, approved()), approved()
	other.UserID = "usr_esther"
	two := mint(t, s, other)
	got, err := s.Resolve(t.Context(), one)
	if err != nil || one.Equal(two) || got.UserID != "usr_john" {
		t.Errorf("the first code stands for %s, %v", got.UserID, err)
	}
}

// The fake store never evicts, like one that was restored from a backup.
func TestTheCodesOwnClockEndsIt(t *testing.T) {
	s, entries, clock := newStore()
	minted := mint(t, s, approved())
	clock.Advance(lifetime - time.Microsecond)
	for range 2 { // reading extends nothing
		if _, err := s.Resolve(t.Context(), minted); err != nil {
			t.Fatalf("a code that is still valid: %v", err)
		}
	}
	clock.Advance(time.Microsecond)
	if _, err := s.Resolve(t.Context(), minted); !errors.Is(err, code.ErrInvalid) {
		t.Errorf("a code at its end: %v, want ErrInvalid", err)
	}
	if len(entries.Keys()) != 1 {
		t.Error("the store let the entry go, so that this proves nothing")
	}
}

// TestTheStoreIsAskedToKeepACodeForTwiceItsLifetime: in the second half only the cause "expired" is
// read from the entry.
func TestTheStoreIsAskedToKeepACodeForTwiceItsLifetime(t *testing.T) {
	s, entries, _ := newStore()
	mint(t, s, approved())
	if _, ttl := entries.Kept(entries.Keys()[0]); ttl != 2*lifetime {
		t.Errorf("kept for %s, want %s", ttl, 2*lifetime)
	}
}

func TestFault_D3_AnExpiredCodeHasAnotherCauseThanAnUnknownOne(t *testing.T) {
	s, _, clock := newStore()
	minted := mint(t, s, approved())
	clock.Advance(lifetime)
	for why, presented := range map[cause.Cause]secret.String{
		cause.CodeExpired: minted, cause.CodeUnknown: secret.NewCode(), cause.CodeMalformed: secret.New("SplxlOBeZQQYbYS6WxSbIA"),
	} {
		_, err := s.Resolve(t.Context(), presented)
		if !errors.Is(err, code.ErrInvalid) || cause.Of(err) != why || err.Error() != code.ErrInvalid.Error() {
			t.Errorf("%v because of %s, want ErrInvalid because of %s, in the same words", err, cause.Of(err), why)
		}
	}
}

func TestAMalformedCodeIsNotLookedUp(t *testing.T) {
	s, entries, _ := newStore()
	good := mint(t, s, approved()).Reveal()
	before := entries.Calls()
	for name, presented := range map[string]string{
		"nothing": "", "one character less": good[1:], "one more": good + "A", "padded": good + "=", "blank behind": good + " ",
		"line break inside": good[:20] + "\n" + good[21:], "NUL": good[:42] + "\x00", "plus": "+" + good[1:], "a megabyte": strings.Repeat("A", 1<<20),
		"a token": secret.Generate(secret.AccessToken).Reveal(), "not UTF-8": "\xff" + good[1:], "the store's key": entries.Keys()[0],
	} {
		if _, err := s.Resolve(t.Context(), secret.New(presented)); !errors.Is(err, code.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	if n := entries.Calls() - before; n != 0 {
		t.Errorf("the store was called %d times", n)
	}
	if _, err := s.Resolve(t.Context(), secret.NewCode()); !errors.Is(err, code.ErrInvalid) {
		t.Errorf("a code that was never issued: %v, want ErrInvalid", err)
	}
}

func TestOnlyTheHashOfACodeIsKept(t *testing.T) {
	s, entries, _ := newStore()
	minted := mint(t, s, approved())
	hash := secret.Sum(minted.Reveal())
	key := "authz:code:" + base64.RawURLEncoding.EncodeToString(hash.Bytes())
	if diff := cmp.Diff([]string{key}, entries.Keys()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if value, _ := entries.Kept(key); strings.Contains(string(value), minted.Reveal()) {
		t.Error("the code stands in the value")
	}
}

func TestAStoreThatIsDownIsNeverAnInvalidCode(t *testing.T) {
	s, entries, _ := newStore()
	minted := mint(t, s, approved())
	entries.Break("Get", shortlived.ErrUnavailable)
	if _, err := s.Resolve(t.Context(), minted); !errors.Is(err, shortlived.ErrUnavailable) || errors.Is(err, code.ErrInvalid) {
		t.Errorf("Resolve: %v, want ErrUnavailable alone", err)
	}
	entries.Break("Put", shortlived.ErrUnavailable)
	if err := s.Keep(t.Context(), minted, approved(), authztest.NewClock().Now()); !errors.Is(err, shortlived.ErrUnavailable) {
		t.Errorf("Keep: %v, want ErrUnavailable", err)
	}
}

// FuzzResolve checks that no stored value causes a panic, and that only valid entries resolve.
func FuzzResolve(f *testing.F) {
	for _, value := range []string{"", "{}", "null", `{"deadline":9223372036854775807}`, `{"deadline":"x"}`, `{"uri":"*"}`, "\x00"} {
		f.Add([]byte(value))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		s, entries, _ := newStore()
		minted := mint(t, s, approved())
		if err := entries.Put(t.Context(), entries.Keys()[0], value, lifetime); err != nil {
			t.Fatal(err)
		}
		got, err := s.Resolve(t.Context(), minted)
		if err != nil && !cmp.Equal(got, oauth.ApprovedRequest{}) {
			t.Errorf("a failure, %v, comes with facts", err)
		}
	})
}

// FuzzApprovedRequest checks that every redirect URI is read back byte for byte, and every string
// that gRPC can carry.
func FuzzApprovedRequest(f *testing.F) {
	f.Add("https://app.test/cb?x=%20", "John", int64(0))
	f.Add("http://127.0.0.1:65535/\xff\x00", "\u2028<&>", int64(-1))
	f.Fuzz(func(t *testing.T, uri, name string, epoch int64) {
		s, _, _ := newStore()
		want := approved()
		want.RedirectURI, want.DisplayName, want.Epoch = uri, strings.ToValidUTF8(name, ""), epoch
		minted := mint(t, s, want)
		got, err := s.Resolve(t.Context(), minted)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v, facts (-want +got):\n%s", err, diff)
		}
	})
}
