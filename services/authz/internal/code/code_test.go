package code_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/shortlived"
	"github.com/vidocu/usher/services/authz/internal/authztest"
	"github.com/vidocu/usher/services/authz/internal/code"
)

const lifetime = 10 * time.Minute

func facts() code.Facts {
	return code.Facts{
		ClientID: authztest.Web, RedirectURI: authztest.WithQuery, CodeChallenge: authztest.Challenge,
		UserID: "usr_john", DisplayName: "John “J” <Doe> \u2028 & 😀", WorkspaceID: "ws_acme",
		Scope: oauth.Scope{"videos:read", "analyze:write"}, Epoch: 1<<62 + 1,
	}
}

func newBook() (*code.Book, *authztest.Entries, *authztest.Clock) {
	entries, clock := authztest.NewEntries(), authztest.NewClock()
	return code.New(code.Config{Entries: entries, Lifetime: lifetime, Now: clock.Now}), entries, clock
}

func mint(t *testing.T, b *code.Book, f code.Facts) secret.String {
	t.Helper()
	minted := secret.NewCode()
	if err := b.Keep(t.Context(), minted, f, authztest.NewClock().Now()); err != nil {
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
	b, entries, clock := newBook()
	minted := mint(t, b, facts())
	for range 2 { // one that is gone is no error
		if err := b.Drop(t.Context(), minted); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Resolve(t.Context(), minted); !errors.Is(err, code.ErrInvalid) {
		t.Errorf("a dropped code: %v, want ErrInvalid", err)
	}
	entries.Break("Delete", shortlived.ErrUnavailable)
	if err := b.Drop(t.Context(), minted); !errors.Is(err, shortlived.ErrUnavailable) {
		t.Errorf("Drop: %v, want ErrUnavailable", err)
	}
	decided := clock.Now()
	clock.Advance(lifetime)
	if err := b.Keep(t.Context(), minted, facts(), decided); !errors.Is(err, code.ErrInvalid) || b.Live(decided) {
		t.Errorf("a code whose time is over is kept: %v", err)
	}
}

func TestKeepingACodeAgainExtendsNothing(t *testing.T) {
	b, entries, clock := newBook()
	minted, decided := secret.NewCode(), clock.Now()
	for range 3 {
		if err := b.Keep(t.Context(), minted, facts(), decided); err != nil {
			t.Fatal(err)
		}
		clock.Advance(lifetime / 4)
	}
	if _, ttl := entries.Kept(entries.Keys()[0]); ttl != lifetime/2+lifetime { // and a lifetime for refusals that say why
		t.Errorf("kept for %s more, want %s", ttl, lifetime/2+lifetime)
	}
	clock.Advance(lifetime / 4)
	if _, err := b.Resolve(t.Context(), minted); !errors.Is(err, code.ErrInvalid) {
		t.Errorf("a code at its end: %v, want ErrInvalid", err)
	}
}

func TestRFC6749_4_1_2_ACodeStandsForWhatWasApprovedHoweverOftenItIsRead(t *testing.T) {
	b, entries, _ := newBook()
	for _, want := range []code.Facts{facts(), {ClientID: authztest.Web, Scope: oauth.Scope{"videos:read"}}} {
		minted := mint(t, b, want)
		if !secret.ValidCode(minted.Reveal()) {
			t.Errorf("%d characters are not a code of docs/wire-contract.md §3", len(minted.Reveal()))
		}
		kept := len(entries.Keys())
		for range 3 {
			got, err := b.Resolve(t.Context(), minted)
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

func TestNoTwoCodesAreAlike(t *testing.T) {
	b, _, _ := newBook()
	one, other := mint(t, b, facts()), facts()
	other.UserID = "usr_esther"
	two := mint(t, b, other)
	got, err := b.Resolve(t.Context(), one)
	if err != nil || one.Equal(two) || got.UserID != "usr_john" {
		t.Errorf("the first code stands for %s, %v", got.UserID, err)
	}
}

// The store here keeps everything for ever, as one that was restored from a backup might.
func TestTheCodesOwnClockEndsIt(t *testing.T) {
	b, entries, clock := newBook()
	minted := mint(t, b, facts())
	clock.Advance(lifetime - time.Microsecond)
	for range 2 { // reading extends nothing
		if _, err := b.Resolve(t.Context(), minted); err != nil {
			t.Fatalf("a code that still lives: %v", err)
		}
	}
	clock.Advance(time.Microsecond)
	if _, err := b.Resolve(t.Context(), minted); !errors.Is(err, code.ErrInvalid) {
		t.Errorf("a code at its end: %v, want ErrInvalid", err)
	}
	if len(entries.Keys()) != 1 {
		t.Error("the store let the entry go, so that this proves nothing")
	}
}

// TestTheStoreIsAskedToKeepACodeForTwiceItsLifetime: the second half only serves to say that the code expired.
func TestTheStoreIsAskedToKeepACodeForTwiceItsLifetime(t *testing.T) {
	b, entries, _ := newBook()
	mint(t, b, facts())
	if _, ttl := entries.Kept(entries.Keys()[0]); ttl != 2*lifetime {
		t.Errorf("kept for %s, want %s", ttl, 2*lifetime)
	}
}

func TestFault_D3_ACodeThatExpiredIsToldFromAnUnknownOne(t *testing.T) {
	b, _, clock := newBook()
	minted := mint(t, b, facts())
	clock.Advance(lifetime)
	for why, presented := range map[cause.Cause]secret.String{
		cause.CodeExpired: minted, cause.CodeUnknown: secret.NewCode(), cause.CodeMalformed: secret.New("SplxlOBeZQQYbYS6WxSbIA"),
	} {
		_, err := b.Resolve(t.Context(), presented)
		if !errors.Is(err, code.ErrInvalid) || cause.Of(err) != why || err.Error() != code.ErrInvalid.Error() {
			t.Errorf("%v because of %s, want ErrInvalid because of %s, in the same words", err, cause.Of(err), why)
		}
	}
}

func TestWhatCannotBeACodeIsNotLookedUp(t *testing.T) {
	b, entries, _ := newBook()
	good := mint(t, b, facts()).Reveal()
	before := entries.Asked()
	for name, presented := range map[string]string{
		"nothing": "", "one character less": good[1:], "one more": good + "A", "padded": good + "=", "blank behind": good + " ",
		"line break inside": good[:20] + "\n" + good[21:], "NUL": good[:42] + "\x00", "plus": "+" + good[1:], "a megabyte": strings.Repeat("A", 1<<20),
		"a token": secret.Generate(secret.AccessToken).Reveal(), "not UTF-8": "\xff" + good[1:], "the store's key": entries.Keys()[0],
	} {
		if _, err := b.Resolve(t.Context(), secret.New(presented)); !errors.Is(err, code.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	if n := entries.Asked() - before; n != 0 {
		t.Errorf("the store was asked %d times", n)
	}
	if _, err := b.Resolve(t.Context(), secret.NewCode()); !errors.Is(err, code.ErrInvalid) {
		t.Errorf("a code that nobody minted: %v, want ErrInvalid", err)
	}
}

func TestOnlyTheHashOfACodeIsKept(t *testing.T) {
	b, entries, _ := newBook()
	minted := mint(t, b, facts())
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
	b, entries, _ := newBook()
	minted := mint(t, b, facts())
	entries.Break("Get", shortlived.ErrUnavailable)
	if _, err := b.Resolve(t.Context(), minted); !errors.Is(err, shortlived.ErrUnavailable) || errors.Is(err, code.ErrInvalid) {
		t.Errorf("Resolve: %v, want ErrUnavailable alone", err)
	}
	entries.Break("Put", shortlived.ErrUnavailable)
	if err := b.Keep(t.Context(), minted, facts(), authztest.NewClock().Now()); !errors.Is(err, shortlived.ErrUnavailable) {
		t.Errorf("Keep: %v, want ErrUnavailable", err)
	}
}

// FuzzResolve: whatever the store holds, nothing panics, and nothing but an entry of ours is a code.
func FuzzResolve(f *testing.F) {
	for _, value := range []string{"", "{}", "null", `{"deadline":9223372036854775807}`, `{"deadline":"x"}`, `{"uri":"*"}`, "\x00"} {
		f.Add([]byte(value))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		b, entries, _ := newBook()
		minted := mint(t, b, facts())
		if err := entries.Put(t.Context(), entries.Keys()[0], value, lifetime); err != nil {
			t.Fatal(err)
		}
		got, err := b.Resolve(t.Context(), minted)
		if err != nil && !cmp.Equal(got, code.Facts{}) {
			t.Errorf("a failure, %v, comes with facts", err)
		}
	})
}

// FuzzFacts: every redirect URI comes back byte for byte, and every text that gRPC carries.
func FuzzFacts(f *testing.F) {
	f.Add("https://app.test/cb?x=%20", "John", int64(0))
	f.Add("http://127.0.0.1:65535/\xff\x00", "\u2028<&>", int64(-1))
	f.Fuzz(func(t *testing.T, uri, name string, epoch int64) {
		b, _, _ := newBook()
		want := facts()
		want.RedirectURI, want.DisplayName, want.Epoch = uri, strings.ToValidUTF8(name, ""), epoch
		minted := mint(t, b, want)
		got, err := b.Resolve(t.Context(), minted)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v, facts (-want +got):\n%s", err, diff)
		}
	})
}
