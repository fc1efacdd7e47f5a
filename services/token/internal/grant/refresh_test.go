package grant_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/seal"
)

func TestRFC6749_6_ARefreshAnswersANewPairWithEverythingGranted(t *testing.T) {
	b := newBench(0)
	first := b.mustIssue(t, redemption())
	second, err := b.issue(t, refreshing(first.Refresh))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Authenticate", "Rotate"}, b.Take()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if second.Refresh.Equal(first.Refresh) || second.Access.Equal(first.Access) {
		t.Error("a token of the old pair came back")
	}
	if second.Scope != granted || second.ExpiresIn != time.Hour {
		t.Errorf("scope %q for %s, want all that was granted for an hour", second.Scope, second.ExpiresIn)
	}
	want := grant.Rotation{
		Predecessor: secret.Sum(first.Refresh.Reveal()), ClientID: "app", Lifetimes: lifetimes(),
		Access: secret.Sum(second.Access.Reveal()), Successor: secret.Sum(second.Refresh.Reveal()),
	}
	if diff := cmp.Diff(want, b.store.Rotation); diff != "" {
		t.Errorf("rotation (-want +got):\n%s", diff)
	}
}

func TestAMalformedRefreshTokenNeverReachesTheStore(t *testing.T) {
	b := newBench(0)
	token := b.mustIssue(t, redemption()).Refresh.Reveal()
	flipped := []byte(token)
	flipped[20] = '0' + (flipped[20]-'0'+1)%10
	for name, text := range map[string]string{
		"nonsense":           "nonsense",
		"wrong checksum":     string(flipped),
		"a character short":  token[:len(token)-1],
		"a character more":   token + "0",
		"a space in front":   " " + token,
		"an access token":    secret.Generate(secret.AccessToken).Reveal(),
		"another's API key":  secret.Generate(secret.APIKey).Reveal(),
		"the documents' own": "vdo_ort_...",
	} {
		t.Run(name, func(t *testing.T) {
			b.refused(t, refreshing(secret.New(text), withScope("videos:read")), grant.ErrInvalidRefreshToken, "Authenticate")
		})
	}
}

func TestRFC6749_6_TheScopeIsOnlyEverNarrower(t *testing.T) {
	for _, row := range []struct{ asked, want string }{
		{"jobs:read", "jobs:read"},
		{"jobs:read videos:read", "jobs:read videos:read"},
		{"jobs:read jobs:read", "jobs:read"},
		{granted, granted},
	} {
		b := newBench(0)
		first := b.mustIssue(t, redemption())
		second, err := b.issue(t, refreshing(first.Refresh, withScope(row.asked)))
		if err != nil {
			t.Fatalf("asking for %q: %v", row.asked, err)
		}
		if second.Scope != row.want || b.store.Rotation.Scope != row.want {
			t.Errorf("requesting %q: returned %q, stored %q, want %q", row.asked, second.Scope, b.store.Rotation.Scope, row.want)
		}
		if diff := cmp.Diff([]string{"Authenticate", "Granted", "Rotate"}, b.Take()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		// The new refresh token keeps the original scope.
		if third := b.mustIssue(t, refreshing(second.Refresh)); third.Scope != granted {
			t.Errorf("after narrowing to %q the next refresh gives %q", row.asked, third.Scope)
		}
	}
}

func TestMoreScopeThanGrantedIsRefusedAndSpendsNothing(t *testing.T) {
	b := newBench(0)
	pair := b.mustIssue(t, redemption())
	read := []string{"Authenticate", "Granted"}
	for _, asked := range []string{"export:write", "videos:read export:write", "VIDEOS:READ"} {
		b.refused(t, refreshing(pair.Refresh, withScope(asked)), grant.ErrInvalidScope, read...)
	}
	for _, malformed := range []string{"\t", "videos:read\tjobs:read", "videos:read,jobs:read x;y\\", `"`, "é"} {
		b.refused(t, refreshing(pair.Refresh, withScope(malformed)), grant.ErrInvalidScope, read[:1]...)
	}
	b.mustIssue(t, refreshing(pair.Refresh))
}

func TestAnothersRefreshTokenIsInvalidAndStaysUsable(t *testing.T) {
	b := newBench(0)
	first := b.mustIssue(t, redemption())
	b.refused(t, refreshing(first.Refresh, asOther), grant.ErrInvalidRefreshToken, "Authenticate", "Rotate", "Replayed", "ExplainRefresh")
	second := b.mustIssue(t, refreshing(first.Refresh))
	// A spent token that another client presents revokes nothing either.
	b.refused(t, refreshing(first.Refresh, asOther), grant.ErrInvalidRefreshToken, "Authenticate", "WaitForReplicas")
	b.mustIssue(t, refreshing(second.Refresh))
}

func TestAnUnknownRefreshTokenIsInvalid(t *testing.T) {
	b := newBench(0)
	unknown := secret.Generate(secret.RefreshToken)
	b.refused(t, refreshing(unknown), grant.ErrInvalidRefreshToken, "Authenticate", "Rotate", "Replayed", "ExplainRefresh")
	b.refused(t, refreshing(unknown, withScope("videos:read")),
		grant.ErrInvalidRefreshToken, "Authenticate", "Granted", "Replayed", "ExplainRefresh")
}

// TestRFC9700_4_14_2_ReuseEndsEverything: with or without a scope, which takes another path to the
// same result.
func TestRFC9700_4_14_2_ReuseEndsEverything(t *testing.T) {
	for name, change := range map[string]func(*grant.Request){
		"whole scope":        func(*grant.Request) {},
		"narrower scope":     withScope("videos:read"),
		"more than was ever": withScope("export:write"),
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(0)
			first := b.mustIssue(t, redemption())
			second := b.mustIssue(t, refreshing(first.Refresh))
			if _, err := b.issue(t, refreshing(first.Refresh, change)); err == nil {
				t.Fatal("a spent token was accepted")
			}
			if calls := b.Take(); !slices.Contains(calls, "Replayed") {
				t.Errorf("calls %v: the store never judged the reuse", calls)
			}
			if b.store.Live(secret.New(theCode)) {
				t.Error("the family is still live")
			}
			b.refused(t, refreshing(second.Refresh), grant.ErrInvalidRefreshToken, "Authenticate", "Rotate", "Replayed", "ExplainRefresh")
		})
	}
}

func TestWithoutARetryWindowNothingIsSealed(t *testing.T) {
	b := newBench(0)
	b.mustIssue(t, refreshing(b.mustIssue(t, redemption()).Refresh))
	if len(b.store.Rotation.Sealed) != 0 {
		t.Error("the store holds a sealed pair although repeating is not allowed")
	}
}

// TestARetryGetsTheSameSuccessor: docs/wire-contract.md §4.1.
func TestARetryGetsTheSameSuccessor(t *testing.T) {
	for scope, want := range map[string]string{"": granted, "jobs:read": "jobs:read"} {
		b := newBench(10 * time.Second)
		first := b.mustIssue(t, redemption())
		second := b.mustIssue(t, refreshing(first.Refresh, withScope(scope)))
		for range 2 {
			again := b.mustIssue(t, refreshing(first.Refresh, withScope(scope)))
			if !again.Access.Equal(second.Access) || !again.Refresh.Equal(second.Refresh) {
				t.Error("the retry returned another token pair")
			}
			if again.Scope != want || again.ExpiresIn != second.ExpiresIn {
				t.Errorf("the retry returned %q for %s, want %q for %s", again.Scope, again.ExpiresIn, want, second.ExpiresIn)
			}
		}
		b.mustIssue(t, refreshing(second.Refresh))
		b.refused(t, refreshing(first.Refresh), grant.ErrInvalidRefreshToken, "Authenticate", "Rotate", "Replayed", "ExplainRefresh")
		if b.store.Live(secret.New(theCode)) {
			t.Error("the predecessor of a used successor was no reuse")
		}
	}
}

func TestARetryAtTheEndOfItsFamilyLivesNoLongerThanTheFirst(t *testing.T) {
	b := newBench(10 * time.Second)
	b.store.Left = 5 * time.Second
	first := b.mustIssue(t, redemption())
	second := b.mustIssue(t, refreshing(first.Refresh))
	again := b.mustIssue(t, refreshing(first.Refresh))
	if second.ExpiresIn != 5*time.Second || again.ExpiresIn != second.ExpiresIn {
		t.Errorf("the first lives %s and its retry %s, want 5s", second.ExpiresIn, again.ExpiresIn)
	}
}

func TestWhatAsksForAnotherScopeIsNoRetry(t *testing.T) {
	b := newBench(10 * time.Second)
	first := b.mustIssue(t, redemption())
	b.mustIssue(t, refreshing(first.Refresh, withScope("jobs:read")))
	for _, scope := range []string{"export:write", "videos:read", "jobs:read videos:read"} {
		b.refused(t, refreshing(first.Refresh, withScope(scope)), grant.ErrInvalidScope, "Authenticate", "Granted", "Replayed")
	}
	if !b.store.Live(secret.New(theCode)) {
		t.Error("asking for another scope ended the family")
	}
}

func TestARetryAfterTheWindowIsReuse(t *testing.T) {
	b := newBench(10 * time.Second)
	first := b.mustIssue(t, redemption())
	b.mustIssue(t, refreshing(first.Refresh))
	b.store.CloseRetryWindow()
	b.refused(t, refreshing(first.Refresh), grant.ErrInvalidRefreshToken, "Authenticate", "Rotate", "Replayed", "ExplainRefresh")
	if b.store.Live(secret.New(theCode)) {
		t.Error("the family is still live")
	}
}

func TestAnotherAppsRetryGetsNothing(t *testing.T) {
	b := newBench(10 * time.Second)
	first := b.mustIssue(t, redemption())
	b.mustIssue(t, refreshing(first.Refresh))
	b.refused(t, refreshing(first.Refresh, asOther), grant.ErrInvalidRefreshToken, "Authenticate", "Rotate", "Replayed", "ExplainRefresh")
}

func TestTheSealOpensWithThePredecessorAlone(t *testing.T) {
	b := newBench(10 * time.Second)
	first := b.mustIssue(t, redemption())
	second := b.mustIssue(t, refreshing(first.Refresh))
	sealed := b.store.Rotation.Sealed
	if pair, err := (seal.Sealer{}).Open(first.Refresh, sealed); err != nil || !pair.Refresh.Equal(second.Refresh) {
		t.Errorf("the predecessor does not open its successor: %v", err)
	}
	if _, err := (seal.Sealer{}).Open(second.Refresh, sealed); err == nil {
		t.Error("the successor opens its own seal")
	}
}

// TestALostRaceIsJudgedAsAReplay: the token was current when its scope was read and is not any
// more.
func TestALostRaceIsJudgedAsAReplay(t *testing.T) {
	b := newBench(0)
	pair := b.mustIssue(t, redemption())
	b.Fail("Rotate", grant.ErrNotCurrent)
	b.refused(t, refreshing(pair.Refresh, withScope("videos:read")),
		grant.ErrInvalidRefreshToken, "Authenticate", "Granted", "Rotate", "Replayed", "ExplainRefresh")
}

// TestTheEndOfTheFamilyShortensTheAnswer: the store decides the access token's lifetime.
func TestTheEndOfTheFamilyShortensTheAnswer(t *testing.T) {
	b := newBench(0)
	pair := b.mustIssue(t, redemption())
	b.store.Left = 7 * time.Minute
	if got := b.mustIssue(t, refreshing(pair.Refresh)); got.ExpiresIn != 7*time.Minute {
		t.Errorf("expires in %s, want the 7 minutes that the family has", got.ExpiresIn)
	}
}

// TestAnOutageIsNeverAnInvalidRefreshToken: rule 4 of docs/architecture.md.
func TestAnOutageIsNeverAnInvalidRefreshToken(t *testing.T) {
	for _, row := range []struct {
		down  string
		spent bool
		calls []string
	}{
		{"Granted", false, []string{"Authenticate", "Granted"}},
		{"Rotate", false, []string{"Authenticate", "Granted", "Rotate"}},
		{"Granted", true, []string{"Authenticate", "Granted"}},
		{"Replayed", true, []string{"Authenticate", "Granted", "Replayed"}},
	} {
		b := newBench(0)
		token := b.mustIssue(t, redemption()).Refresh
		current := token
		if row.spent {
			current = b.mustIssue(t, refreshing(token)).Refresh
		}
		b.Fail(row.down, errDown)
		b.refused(t, refreshing(token, withScope("videos:read")), errDown, row.calls...)
		b.Fail(row.down, nil)
		b.mustIssue(t, refreshing(current))
	}
}
