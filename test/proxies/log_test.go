package proxies

import (
	"strings"
	"testing"
)

// TestFault_F11_NoLogHoldsACredential, wherever a client has put it: in its place, in the query, in a cookie; in the log of access
// and in that of errors, of requests that pass, are denied or fail.
func TestFault_F11_NoLogHoldsACredential(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read analyze:write")
	for _, p := range proxies() {
		b := usual()
		door := begin(t, p, b)
		query := "?access_token=" + token
		ask(t, "GET", door.url+"/v1/videos"+query, token, "Cookie", "token="+token)
		ask(t, "GET", door.url+"/v1/videos"+query, "")
		ask(t, "GET", door.url+"/v1/nothing"+query, token)
		b.api = nobody(t)
		failing := begin(t, p, b)
		ask(t, "GET", failing.url+"/v1/videos", token)
		for _, d := range []*running{door, failing} {
			must(t, d.stop()) // so that everything is written
			printed := d.printed()
			if strings.Contains(printed, token) {
				t.Errorf("%s wrote the token:\n%s", p.name, printed)
			}
			if !strings.Contains(printed, "/v1/videos") && p.name != "traefik" {
				t.Errorf("%s wrote nothing of the request:\n%s", p.name, printed)
			}
		}
	}
}

// TestNginxsErrorLogHasTheRequestLine, as README.md says of it alone: a token in a query, which no door takes, stands there when
// the API is away.
func TestNginxsErrorLogHasTheRequestLine(t *testing.T) {
	t.Parallel()
	token := issue(t, "videos:read")
	for _, p := range proxies() {
		b := usual()
		b.api = nobody(t)
		door := begin(t, p, b)
		ask(t, "GET", door.url+"/v1/videos?access_token="+marker, token)
		must(t, door.stop())
		if got := strings.Contains(door.printed(), marker); got != (p.name == "nginx") {
			t.Errorf("%s: the query stands in its log: %t\n%s", p.name, got, door.printed())
		}
	}
}
