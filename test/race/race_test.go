package race

import (
	"net/http"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// rounds is how often each race is run behind its barrier, on each shape and so on each database
// engine.
const rounds = 200

// barrier sends the requests concurrently and returns their responses.
func barrier(t *testing.T, racers ...func() (harness.Response, error)) []harness.Response {
	t.Helper()
	responses, err := harness.Concurrently(racers...)
	if err != nil {
		t.Error(err)
	}
	return responses
}

// winners returns the responses with tokens.
func winners(responses []harness.Response) []harness.Response {
	var won []harness.Response
	for _, a := range responses {
		if a.Status == http.StatusOK && a.Text("access_token") != "" {
			won = append(won, a)
		}
	}
	return won
}

// inRounds repeats a race on every shape. Two users run their own rounds concurrently: their grants
// are independent, and most of a round is waiting.
func inRounds(t *testing.T, race func(t *testing.T, d *harness.Deployment, b *harness.Browser, r harness.Request)) {
	t.Helper()
	each(t, func(t *testing.T, d *harness.Deployment) {
		people := []string{harness.JohnEmail, harness.EstherEmail}
		for _, email := range people {
			t.Run(email, func(t *testing.T) {
				t.Parallel()
				b := d.NewBrowser()
				for range rounds / len(people) {
					race(t, d, b, harness.Request{Email: email})
				}
			})
		}
	})
}

// TestCase34_FiftyRedemptionsOfOneCode: at most one response has tokens, and since the others are
// replays, those tokens are revoked.
func TestCase34_FiftyRedemptionsOfOneCode(t *testing.T) {
	inRounds(t, func(t *testing.T, d *harness.Deployment, b *harness.Browser, r harness.Request) {
		code, err := b.Approve(r)
		expect.NoError(t, err)
		won := winners(barrier(t, harness.Repeat(50, func() (harness.Response, error) { return d.Exchange(code, r) })...))
		if len(won) != 1 {
			t.Fatalf("%d of 50 redemptions got tokens, want one", len(won))
		}
		for _, a := range won {
			expect.Active(t, d, a.Text("access_token"), false)
		}
	})
}

// TestCase48_TwentyRefreshesOfOneToken: at most one response has tokens, and the reuse revokes the
// family.
func TestCase48_TwentyRefreshesOfOneToken(t *testing.T) {
	inRounds(t, func(t *testing.T, d *harness.Deployment, b *harness.Browser, r harness.Request) {
		tokens, err := d.Issue(b, r)
		expect.NoError(t, err)
		won := winners(barrier(t, harness.Repeat(20, func() (harness.Response, error) { return d.Refresh(tokens.Refresh) })...))
		if len(won) != 1 {
			t.Fatalf("%d of 20 refreshes got tokens, want one", len(won))
		}
		for _, a := range won {
			expect.Active(t, d, a.Text("access_token"), false)
		}
		expect.Active(t, d, tokens.Access, false)
	})
}

// TestCase108_RefreshAgainstRevoke: after both have returned, no token of the family is active,
// whichever commits first.
func TestCase108_RefreshAgainstRevoke(t *testing.T) {
	inRounds(t, func(t *testing.T, d *harness.Deployment, b *harness.Browser, r harness.Request) {
		tokens, err := d.Issue(b, r)
		expect.NoError(t, err)
		responses := barrier(t,
			func() (harness.Response, error) { return d.Refresh(tokens.Refresh) },
			func() (harness.Response, error) {
				return d.JSON("/oauth/revoke", map[string]any{"token": tokens.Refresh})
			},
		)
		expect.Equal(t, "status of the revocation", responses[1].Status, http.StatusOK)
		expect.Active(t, d, tokens.Access, false)
		for _, a := range winners(responses) {
			expect.Active(t, d, a.Text("access_token"), false)
			again, err := d.Refresh(a.Text("refresh_token"))
			expect.NoError(t, err)
			expect.Equal(t, "status of a refresh after the revocation", again.Status, http.StatusUnauthorized)
		}
	})
}

// TestWire7_RedemptionAgainstDisconnect: when the disconnection has returned, tokens that were
// issued concurrently are revoked too.
func TestWire7_RedemptionAgainstDisconnect(t *testing.T) {
	inRounds(t, func(t *testing.T, d *harness.Deployment, b *harness.Browser, r harness.Request) {
		code, err := b.Approve(r)
		expect.NoError(t, err)
		account, button, err := b.DisconnectButton(harness.ConfidentialID)
		expect.NoError(t, err)
		responses := barrier(t,
			func() (harness.Response, error) { return d.Exchange(code, r) },
			func() (harness.Response, error) {
				page, err := b.Submit(account, button, nil)
				return harness.Response{Status: page.Status, Raw: page.Body}, err
			},
		)
		expect.Equal(t, "status of the disconnection", responses[1].Status, http.StatusSeeOther)
		for _, a := range winners(responses) {
			expect.Active(t, d, a.Text("access_token"), false)
			again, err := d.Refresh(a.Text("refresh_token"))
			expect.NoError(t, err)
			expect.Equal(t, "status of a refresh after the disconnection", again.Status, http.StatusUnauthorized)
		}
	})
}
