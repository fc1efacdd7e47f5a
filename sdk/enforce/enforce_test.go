package enforce_test

import (
	"strings"
	"testing"

	"github.com/vidocu/usher/sdk/enforce"
)

func rules(t *testing.T) *enforce.Rules {
	t.Helper()
	r, err := enforce.Compile([]enforce.Endpoint{
		{Method: "GET", Path: "/v1/videos", Scope: "videos:read"},
		{Method: "POST", Path: "/v1/videos/:id", Scope: "videos:write"},
		{Method: "POST", Path: "/v1/videos/process", Scope: "process:write"},
		{Method: "POST", Path: "/v1/videos/:id/export", Scope: "export:write"},
	}, []enforce.Plan{
		{Name: "free", Endpoints: []string{"GET /v1/videos"}},
		{Name: "pro", Endpoints: []string{"GET /v1/videos", "POST /v1/videos/:id", "POST /v1/videos/process", "POST /v1/videos/:id/export"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDocument002_TheDenialIsWordForWord(t *testing.T) {
	d := rules(t).Decide(enforce.Subject{Kind: enforce.AccessToken, Scopes: []string{"videos:read", "analyze:write"}, Plan: "pro"},
		"POST", "/v1/videos/vid_1/export")
	const want = `This action requires the "export:write" scope. Your token has: videos:read, analyze:write`
	if d == nil || d.Status != 403 || d.Code != "insufficient_scope" || d.Message != want ||
		d.Challenge != `Bearer error="insufficient_scope", scope="export:write videos:read analyze:write", error_description="`+strings.ReplaceAll(want, `"`, "'")+`"` {
		t.Fatalf("the denial is %+v", d)
	}
	if got := string(d.JSON()); got != `{"error":{"code":"insufficient_scope","message":"This action requires the \"export:write\" scope. Your token has: videos:read, analyze:write"}}`+"\n" {
		t.Errorf("the body is %s", got)
	}
}

func TestThePathIsCheckedBeforeTheScopeAndTheScopeBeforeThePlan(t *testing.T) {
	r := rules(t)
	for name, row := range map[string]struct {
		subject      enforce.Subject
		method, path string
		status       int
		code         string
	}{
		"allowed":                    {enforce.Subject{Kind: enforce.AccessToken, Scopes: []string{"videos:read"}, Plan: "free"}, "GET", "/v1/videos", 0, ""},
		"no scope and not in plan":   {enforce.Subject{Kind: enforce.AccessToken, Scopes: []string{"videos:read"}, Plan: "free"}, "POST", "/v1/videos/x", 403, "insufficient_scope"},
		"not in plan":                {enforce.Subject{Kind: enforce.AccessToken, Scopes: []string{"videos:write"}, Plan: "free"}, "POST", "/v1/videos/x", 403, "plan_restricted"},
		"the literal row wins":       {enforce.Subject{Kind: enforce.AccessToken, Scopes: []string{"videos:write"}, Plan: "pro"}, "POST", "/v1/videos/process", 403, "insufficient_scope"},
		"a plan that does not exist": {enforce.Subject{Kind: enforce.APIKey, Plan: "gold"}, "GET", "/v1/videos", 403, "plan_restricted"},
		"a key needs no scope":       {enforce.Subject{Kind: enforce.APIKey, Plan: "pro"}, "POST", "/v1/videos/x/export", 0, ""},
		"a key is bound by the plan": {enforce.Subject{Kind: enforce.APIKey, Plan: "free"}, "POST", "/v1/videos/x/export", 403, "plan_restricted"},
		"a user token opens nothing": {enforce.Subject{Kind: enforce.UserToken, Plan: "pro"}, "GET", "/v1/videos", 401, "authentication_error"},
		"nothing opens nothing":      {enforce.Subject{}, "GET", "/v1/videos", 401, "authentication_error"},
		"an unknown path":            {enforce.Subject{Kind: enforce.APIKey, Plan: "pro"}, "GET", "/v1/nothing", 404, "not_found"},
	} {
		d := r.Decide(row.subject, row.method, row.path)
		if row.status == 0 {
			if d != nil {
				t.Errorf("%s: %v", name, d)
			}
			continue
		}
		if d == nil || d.Status != row.status || d.Code != row.code {
			t.Errorf("%s: %v, want %d %s", name, d, row.status, row.code)
		}
	}
}

func TestOnlyTheExactPathMatches(t *testing.T) {
	r := rules(t)
	if _, ok := r.Match("POST", "/v1/videos/vid_1-a.b~c/export"); !ok {
		t.Fatal("a literal path does not match")
	}
	for _, request := range [][2]string{
		{"GET", "/v1/videos/"},
		{"GET", "//v1/videos"},
		{"GET", "/v1//videos"},
		{"GET", "/V1/videos"},
		{"GET", "v1/videos"},
		{"GET", ""},
		{"GET", "/v1/videos?x=1"},
		{"GET", "/v1/videos;x"},
		{"GET", "/v1/vid%65os"},
		{"HEAD", "/v1/videos"},
		{"get", "/v1/videos"},
		{"PURGE", "/v1/videos"},
		{"POST", "/v1/videos/../export"},
		{"POST", "/v1/videos/./export"},
		{"POST", "/v1/videos//export"},
		{"POST", "/v1/videos/a%2fb/export"},
		{"POST", "/v1/videos/a%2e%2e/export"},
		{"POST", "/v1/videos/a/b/export"},
		{"POST", "/v1/videos/a\\b/export"},
		{"POST", "/v1/videos/ä/export"},
		{"POST", "/v1/videos/a/export/"},
		{"POST", "/v1/videos/a;b/export"},
	} {
		if e, ok := r.Match(request[0], request[1]); ok {
			t.Errorf("%s %q matches %v", request[0], request[1], e)
		}
	}
}

func TestRFC6750_2_1_TheHeaderAlone(t *testing.T) {
	for name, row := range map[string]struct {
		values []string
		token  string
		sent   bool
	}{
		"none": {nil, "", false}, "plain": {[]string{"Bearer abc"}, "abc", true}, "any case": {[]string{"bEARER abc"}, "abc", true},
		"two spaces": {[]string{"Bearer  abc"}, "abc", true}, "a tab": {[]string{"Bearer\tabc"}, "", false}, "no token": {[]string{"Bearer"}, "", false},
		"two words": {[]string{"Bearer a b"}, "", true}, "a list": {[]string{"Bearer a, Bearer b"}, "", true},
		"two headers": {[]string{"Bearer a", "Bearer a"}, "", true}, "another scheme": {[]string{"Basic abc"}, "", false},
		"latin-1": {[]string{"Bearer a\xe4"}, "", true},
	} {
		if token, sent := enforce.Bearer(row.values); token != row.token || sent != row.sent {
			t.Errorf("%s: %q %t, want %q %t", name, token, sent, row.token, row.sent)
		}
	}
}

func TestAnAmbiguousCatalogIsRefused(t *testing.T) {
	for name, endpoints := range map[string][]enforce.Endpoint{
		"a trailing slash":    {{Method: "GET", Path: "/v1/"}},
		"an empty segment":    {{Method: "GET", Path: "/v1//x"}},
		"a dot segment":       {{Method: "GET", Path: "/v1/../x"}},
		"an encoded segment":  {{Method: "GET", Path: "/v1/%2e"}},
		"no slash":            {{Method: "GET", Path: "v1"}},
		"nothing":             {{Method: "GET", Path: ""}},
		"a nameless variable": {{Method: "GET", Path: "/v1/:"}},
		"the same row":        {{Method: "GET", Path: "/v1/x"}, {Method: "GET", Path: "/v1/x"}},
		"the same variables":  {{Method: "GET", Path: "/v1/:a", Scope: "a"}, {Method: "GET", Path: "/v1/:b", Scope: "b"}},
	} {
		if _, err := enforce.Compile(endpoints, nil); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := enforce.Compile(nil, []enforce.Plan{{Name: "pro", Endpoints: []string{"GET /v1/x"}}}); err == nil {
		t.Error("a plan with an endpoint that is not there is taken")
	}
}

func TestRequireScopeChecksOneScope(t *testing.T) {
	for name, row := range map[string]struct {
		subject enforce.Subject
		status  int
	}{
		"with it":      {enforce.Subject{Kind: enforce.AccessToken, Scopes: []string{"jobs:read"}}, 0},
		"without":      {enforce.Subject{Kind: enforce.AccessToken, Scopes: []string{"jobs:read_all", "xjobs:read"}}, 403},
		"a key":        {enforce.Subject{Kind: enforce.APIKey}, 0},
		"a user token": {enforce.Subject{Kind: enforce.UserToken, Scopes: []string{"jobs:read"}}, 401},
		"nothing":      {enforce.Subject{Scopes: []string{"jobs:read"}}, 401},
	} {
		d := enforce.RequireScope(row.subject, "jobs:read")
		if got := statusOf(d); got != row.status {
			t.Errorf("%s: %d, want %d", name, got, row.status)
		}
	}
}

func statusOf(d *enforce.Denial) int {
	if d == nil {
		return 0
	}
	return d.Status
}
