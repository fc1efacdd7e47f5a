package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/harness"
)

// hostileName is a name that a registration accepts, and what a page shows of it.
type hostileName struct {
	Name, Shown string
}

func hostileNames() []hostileName {
	names := []hostileName{{Name: "Z" + strings.Repeat("\u0301", 60) + "algo", Shown: "Z\u0301\u0301algo"}}
	for _, name := range []string{
		"<img src=x onerror=alert(1)><script>alert(1)</script>", `"><button name=decision value=approve>Allow</button>`, "&lt;b&gt; {{.CSRF}} ${7*7} 'x' `y`",
		"אפליקציה (מאומתת) Vidocu", "Pаypаl", strings.Repeat("W", 100), strings.Repeat("長い名前", 20), "﷽﷽﷽﷽ 𒐫𒐫",
	} {
		names = append(names, hostileName{name, name})
	}
	return names
}

// TestHostileNamesAreHarmless on the consent page and in the list of connected apps, in a browser
// that ignores the content security policy.
func TestHostileNamesAreHarmless(t *testing.T) {
	operate := func(args ...string) {
		t.Helper()
		if out, err := shared.usher.Operate(t.Context(), shared.bins, args...); err != nil {
			t.Fatalf("usher %q: %v\n%s", args, err, out)
		}
	}
	var clients []map[string]string
	for i, n := range hostileNames() {
		id := fmt.Sprint("vdo_client_hostile", i)
		operate("clients", "create", n.Name, "--id", id, "--public", "--redirect-uri", "http://127.0.0.1/callback", "--scope", "videos:read,tools:write")
		request := harness.Request{ClientID: id, RedirectURI: shared.app.URL + "/callback", Scope: "videos:read tools:write", Verifier: harness.NewVerifier()}
		clients = append(clients, map[string]string{"path": request.Path(), "shown": n.Shown})
	}
	operate("workspaces", "create", hostileNames()[1].Name, "--id", "ws_hostile", "--plan", "pro")
	operate("members", "add", "ws_hostile", harness.EstherEmail, "--role", "member")
	play(t, "hostile", map[string]any{"clients": clients, "workspace": "ws_hostile"}, nil)
}
