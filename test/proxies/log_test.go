package proxies

import (
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
)

// TestFault_F11_NoLogHoldsACredential, whether it is sent in its header, in the query or in a
// cookie; neither the access log nor the error log, for forwarded, denied and failed requests.
func TestFault_F11_NoLogHoldsACredential(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read analyze:write")
	for _, p := range proxies() {
		b := sharedTargets()
		rp := startProxy(t, p, b)
		query := "?access_token=" + token
		request(t, "GET", rp.url+"/v1/videos"+query, token, "Cookie", "token="+token)
		request(t, "GET", rp.url+"/v1/videos"+query, "")
		request(t, "GET", rp.url+"/v1/nothing"+query, token)
		b.api = unusedAddr(t)
		failing := startProxy(t, p, b)
		request(t, "GET", failing.url+"/v1/videos", token)
		for _, d := range []*running{rp, failing} {
			expect.NoError(t, d.stop()) // so that the logs are flushed
			printed := d.printed()
			if strings.Contains(printed, token) {
				t.Errorf("%s wrote the token:\n%s", p.name, printed)
			}
			if !strings.Contains(printed, "/v1/videos") && p.name != "traefik" {
				t.Errorf("%s logged nothing about the request:\n%s", p.name, printed)
			}
		}
	}
}

// TestNginxsErrorLogHasTheRequestLine, as README.md says: nginx alone logs a token in a query,
// which no proxy accepts, when the API is unreachable.
func TestNginxsErrorLogHasTheRequestLine(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read")
	for _, p := range proxies() {
		b := sharedTargets()
		b.api = unusedAddr(t)
		rp := startProxy(t, p, b)
		request(t, "GET", rp.url+"/v1/videos?access_token="+marker, token)
		expect.NoError(t, rp.stop())
		if got := strings.Contains(rp.printed(), marker); got != (p.name == "nginx") {
			t.Errorf("%s: the query is in its log: %t\n%s", p.name, got, rp.printed())
		}
	}
}
