package activity

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// TestMCPFailure_13_TheAuthorReadsWhyARequestWasRefused: the redirect address that was sent is in the
// log, with the one that is registered, although the page names no address.
func TestMCPFailure_13_TheAuthorReadsWhyARequestWasRefused(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		sent := "https://captions.example/callback/?tenant=one"
		page, err := d.NewBrowser().Get(harness.Request{RedirectURI: sent}.Path())
		expect.NoError(t, err)
		expect.Equal(t, "status", page.Status, http.StatusBadRequest)
		expect.Eventually(t, "the request in the log", func() bool {
			list := requests(t, d, harness.ConfidentialID, "--request", page.Header.Get("Usher-Request-Id"))
			if len(list) != 1 {
				return false
			}
			k := list[0].Kind
			expect.Equal(t, "cause", k.Cause, "CAUSE_REDIRECT_URI_UNREGISTERED")
			expect.Equal(t, "address without its values", k.Got["redirect_uri"], "https://captions.example/callback/?tenant=…")
			expect.Equal(t, "registered address", k.Expected["redirect_uri"], harness.CallbackURI)
			expect.Equal(t, "response type", k.Got["response_type"], "code")
			return true
		})
	})
}

// TestRFC9700_4_11_2_OneMistakeOfAnUnverifiedAppIsOneRow: the reference on the page, which the person sees
// after the sign-in, is the refused request's, and that has what was expected.
func TestRFC9700_4_11_2_OneMistakeOfAnUnverifiedAppIsOneRow(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		registration, err := d.JSON("/oauth/register", map[string]any{"client_name": "Stranger", "redirect_uris": []string{harness.CallbackURI}, "scope": "videos:read"})
		expect.NoError(t, err)
		d.RecordSecret("client_secret", registration.Text("client_secret"))
		d.RecordSecret("registration_access_token", registration.Text("registration_access_token"))
		id := registration.Text("client_id")
		person := d.NewBrowser()
		expect.NoError(t, person.SignInAs(harness.EstherEmail))
		page, err := person.Follow(person.Get(harness.Request{ClientID: id, Scope: "videos:read export:write"}.Path()))
		expect.NoError(t, err)
		expect.Equal(t, "status", page.Status, http.StatusBadRequest)
		reference := regexp.MustCompile("Reference: <code>([^<]+)").FindStringSubmatch(page.Body)
		expect.Equal(t, "a reference on the page", len(reference), 2)
		expect.Eventually(t, "the request in the log", func() bool {
			list := requests(t, d, id)
			if len(list) == 0 {
				return false
			}
			expect.Equal(t, "rows", len(list), 1)
			expect.Equal(t, "endpoint", list[0].Kind.Endpoint, "/oauth/authorize")
			expect.Equal(t, "request", list[0].RequestID, reference[1])
			expect.Equal(t, "cause", list[0].Kind.Cause, "CAUSE_SCOPE_NOT_ALLOWED")
			expect.Equal(t, "expected scope", list[0].Kind.Expected["scope"], "videos:read")
			return true
		})
	})
}

// TestN1_2_TheLogTellsTheAuthorOfExtraSpaces: they are ignored at each endpoint that reads a scope, and
// the author learns of them before another server refuses them.
func TestN1_2_TheLogTellsTheAuthorOfExtraSpaces(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		tokens, err := d.Issue(d.NewBrowser(), harness.Request{Scope: " videos:read  jobs:read"})
		expect.NoError(t, err)
		refreshed, err := d.Form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}, "scope": {"jobs:read "}},
			harness.ConfidentialID, harness.ConfidentialPW)
		expect.NoError(t, err)
		expect.Equal(t, "granted scope", refreshed.Text("scope"), "jobs:read")
		for endpoint, scope := range map[string]string{"/oauth/authorize": "videos:read jobs:read", "/oauth/token": "jobs:read"} {
			expect.Eventually(t, endpoint, func() bool {
				list := requests(t, d, harness.ConfidentialID, "--endpoint", endpoint)
				return slices.ContainsFunc(list, func(r request) bool {
					return r.Kind.Got["tolerated"] == "scope_spaces" && r.Kind.Got["scope"] == scope && r.Kind.Cause == "CAUSE_UNSPECIFIED"
				})
			})
		}
	})
}

// TestActivity_GrantedRequestsAreCounted: the author also sees that requests succeed.
func TestActivity_GrantedRequestsAreCounted(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		_, err := d.Issue(d.NewBrowser(), harness.Request{})
		expect.NoError(t, err)
		expect.Eventually(t, "the granted request", func() bool {
			for _, r := range requests(t, d, harness.ConfidentialID, "--endpoint", "/oauth/token") {
				if r.Kind.Status == http.StatusOK && r.Kind.Cause == "CAUSE_UNSPECIFIED" && r.Kind.Got["grant_type"] == "authorization_code" {
					return true
				}
			}
			return false
		})
	})
}

// TestActivity_NoSecretIsInTheLog: a value in the place of each credential, and of other parameters
// where one was sent by mistake, is neither in the request log nor in the audit trail.
func TestActivity_NoSecretIsInTheLog(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		const sentinel = "S3nt1nelS3nt1nelS3nt1nelS3nt1nelS3nt1nel00"
		for _, name := range []string{
			"code", "code_verifier", "code_challenge", "client_secret", "refresh_token", "token", "client_assertion", "device_code", "user_code", "username",
			"password", "state", "nonce", "login_hint", "id_token_hint", "request", "subject_token", "scope", "resource", "grant_type", "client_id",
			"response_type", "code_challenge_method", "unknown",
		} {
			values := url.Values{
				"client_id": {harness.ConfidentialID}, "redirect_uri": {harness.CallbackURI}, "response_type": {"code"}, "grant_type": {"authorization_code"},
			}
			values.Set(name, sentinel)
			for _, path := range []string{"/oauth/token", "/oauth/revoke", "/oauth/introspect", "/oauth/device_authorization", "/oauth/par"} {
				_, err := d.Form(path, values)
				expect.NoError(t, err)
			}
			body := map[string]any{}
			for key := range values {
				body[key] = values.Get(key)
			}
			_, err := d.JSON("/oauth/token", body)
			expect.NoError(t, err)
			_, err = d.NewBrowser().Get("/oauth/authorize?" + values.Encode())
			expect.NoError(t, err)
		}
		for _, uri := range []string{
			"https://a.example/cb?code=" + sentinel, "https://a.example/cb#" + sentinel, "https://" + sentinel + "@a.example/cb", "https://a.example/" + sentinel,
			"https://a.example/cb?" + sentinel, "https://user:" + sentinel + "@a.example/",
		} {
			_, err := d.NewBrowser().Get(harness.Request{RedirectURI: uri}.Path())
			expect.NoError(t, err)
		}
		_, err := d.Form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {sentinel}}, sentinel, sentinel)
		expect.NoError(t, err)
		marker, err := d.NewBrowser().Get(harness.Request{RedirectURI: "https://marker.example/"}.Path())
		expect.NoError(t, err)
		expect.Eventually(t, "the last request in the log", func() bool {
			return len(requests(t, d, "--request", marker.Header.Get("Usher-Request-Id"))) == 1
		})
		wantNowhere(t, d, sentinel)
	})
}

// wantNowhere checks that a secret is in no output of the activity service, in nothing that it stores, in no
// log and no metric. Close searches the logs and the traces for it once more.
func wantNowhere(t *testing.T, d *harness.Deployment, sentinel string) {
	t.Helper()
	d.RecordSecret("sentinel", sentinel)
	places := map[string]string{}
	for member, command := range map[string]string{"requests": "requests", "events": "audit"} {
		list, text := all[map[string]any](t, d, member, command)
		if len(list) == 0 && command == "requests" {
			t.Error("the log is empty")
		}
		places["usher "+command] = text
	}
	stored, err := d.Stored(t.Context(), "activity")
	expect.NoError(t, err)
	if !strings.Contains(stored, "marker.example") {
		t.Error("what the service stores has not the last request: the search proves nothing")
	}
	places["the database"] = stored
	sentinel = sentinel[:16] // a part is as bad
	for name, url := range d.AdminURLs() {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/metrics", nil)
		expect.NoError(t, err)
		places["the metrics of "+name], _, err = harness.SendText(req)
		expect.NoError(t, err)
	}
	places["the log"], err = d.Log()
	expect.NoError(t, err)
	for place, text := range places {
		for _, form := range []string{sentinel, hex.EncodeToString([]byte(sentinel)), base64.StdEncoding.EncodeToString([]byte(sentinel))[:20]} {
			if at := strings.Index(text, form); at >= 0 {
				t.Errorf("%s has the secret: %q", place, text[max(0, at-300):min(len(text), at+60)])
			}
		}
	}
	expect.NoError(t, d.CheckStored(t.Context(), "activity"))
}

// TestActivity_AFloodLeavesAThousandRows: requests of any number of kinds that name one client are
// counted, in at most 1,000 rows a day, while those of another client still arrive in the log.
// `make flood` measures what others notice of it.
func TestActivity_AFloodLeavesAThousandRows(t *testing.T) {
	d := shared.Processes()
	const flood, senders = 6000, 8
	const perSecond = 1667 // a gateway sends at most 200 kinds of a client every 500 ms: a shorter burst would not make 900
	before := total(requests(t, d, harness.PublicID, "--endpoint", "/oauth/authorize"))
	var next atomic.Int64
	var sent sync.WaitGroup
	tick := time.NewTicker(time.Second / perSecond)
	defer tick.Stop()
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{MaxIdleConnsPerHost: senders},
	}
	failed := make(chan error, senders)
	for range senders {
		sent.Go(func() {
			for n := next.Add(1); n <= flood; n = next.Add(1) {
				<-tick.C
				path := harness.Request{ClientID: harness.PublicID, RedirectURI: fmt.Sprintf("https://evil.example/%d", n)}.Path()
				res, err := client.Get(d.PublicURL + path)
				if err != nil {
					failed <- err
					return
				}
				if err := res.Body.Close(); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	other, err := d.Form("/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_id": {harness.ConfidentialID}, "client_secret": {"wrong"}})
	expect.NoError(t, err)
	expect.Eventually(t, "a request of another client during the flood", func() bool {
		return len(requests(t, d, harness.ConfidentialID, "--request", other.Header.Get("Usher-Request-Id"))) == 1
	})
	sent.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	var rows []request
	expect.Eventually(t, "the count of all", func() bool {
		rows = requests(t, d, harness.PublicID, "--endpoint", "/oauth/authorize")
		return total(rows)-before+dropped(t, d) >= flood
	})
	byDay := map[string]int{} // at midnight a flood has two
	for _, r := range requests(t, d, harness.PublicID) {
		byDay[r.FirstTime.UTC().Format(time.DateOnly)]++
	}
	for day, n := range byDay {
		if n > 1000 {
			t.Errorf("the client has %d rows of %s", n, day)
		}
	}
	overflow := false
	for _, r := range rows {
		overflow = overflow || r.Overflow && r.Kind.Cause == "CAUSE_REDIRECT_URI_UNREGISTERED"
	}
	if !overflow {
		t.Error("no row counts the requests beyond the limit by their cause")
	}
}

func total(rows []request) (n int64) {
	for _, r := range rows {
		n += r.Count
	}
	return n
}

// dropped returns how many requests the gateway did not hand over.
func dropped(t *testing.T, d *harness.Deployment) (n int64) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.AdminURL+"/metrics", nil)
	expect.NoError(t, err)
	text, _, err := harness.SendText(req)
	expect.NoError(t, err)
	for line := range strings.Lines(text) {
		if _, err := fmt.Sscanf(line, "usher_request_log_dropped_total %d", &n); err == nil {
			return n
		}
	}
	return 0
}
