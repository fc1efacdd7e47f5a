package enforce_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/sdk/enforce"
)

// documented returns the thirteen rows of the default catalog.
func documented() []enforce.Endpoint {
	return []enforce.Endpoint{
		{Method: "GET", Path: "/v1/videos", Scope: "videos:read"},
		{Method: "POST", Path: "/v1/videos/upload", Scope: "videos:write"},
		{Method: "POST", Path: "/v1/videos/:id/analyze", Scope: "analyze:write"},
		{Method: "POST", Path: "/v1/videos/:id/export", Scope: "export:write"},
		{Method: "POST", Path: "/v1/videos/:id/translate", Scope: "translate:write"},
		{Method: "GET", Path: "/v1/videos/:id/subtitles", Scope: "subtitles:read"},
		{Method: "POST", Path: "/v1/videos/:id/voiceover", Scope: "voiceover:write"},
		{Method: "POST", Path: "/v1/videos/:id/article", Scope: "article:write"},
		{Method: "POST", Path: "/v1/videos/process", Scope: "process:write"},
		{Method: "GET", Path: "/v1/tools", Scope: "tools:read"},
		{Method: "POST", Path: "/v1/tools/:type/execute", Scope: "tools:write"},
		{Method: "GET", Path: "/v1/jobs/:id", Scope: "jobs:read"},
		{Method: "GET", Path: "/v1/usage", Scope: "usage:read"},
	}
}

// oracle finds the matching rows by regular expressions instead of segments.
func oracle(endpoints []enforce.Endpoint, method, path string) (rows []enforce.Endpoint) {
	variable := regexp.MustCompile(`:[^/]+`)
	dots := regexp.MustCompile(`/\.{1,2}(/|\z)`)
	for _, e := range endpoints {
		pattern := variable.ReplaceAllString(strings.ReplaceAll(e.Path, ".", `\.`), `[A-Za-z0-9._~-]+`)
		if e.Method == method && regexp.MustCompile(`\A`+pattern+`\z`).MatchString(path) && !dots.MatchString(path) {
			rows = append(rows, e)
		}
	}
	return rows
}

func FuzzMatchNeverWidens(f *testing.F) {
	for _, method := range []string{"GET", "POST", "HEAD", "get", "PURGE", ""} {
		for _, path := range []string{
			"/v1/videos", "/v1/videos/upload", "/v1/videos/vid_1/export", "/v1/videos/%2e%2e/export", "/v1/videos/../export", "//v1/videos",
			"/v1/videos/", "/V1/videos", "/v1/videos/a%2fb/export", "/v1/videos/a/b/export", "/v1/jobs/.", "/v1/jobs/...", "/v1/jobs/a\x00", "*", "",
			"/v1/videos/a;b/export", "/v1/videos?x", "/v1/videos#x", "http://h/v1/videos", "/v1/jobs/a\n", "/v1/jobs/ä",
		} {
			f.Add(method, path)
		}
	}
	endpoints := documented()
	rules, err := enforce.Compile(endpoints, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, method, path string) {
		got, ok := rules.Match(method, path)
		want := oracle(endpoints, method, path)
		switch {
		case ok != (len(want) > 0):
			t.Fatalf("%q %q: matched is %t, and fits %v", method, path, ok, want)
		case ok && (len(want) != 1 || want[0] != got):
			t.Fatalf("%q %q is %v, and fits %v", method, path, got, want)
		}
	})
}

func FuzzBearerNeverInvents(f *testing.F) {
	for _, value := range []string{
		"Bearer abc", "bearer abc", "BEARER  abc ", "Bearer\tabc", "Bearer", "Bearer ", "Bearer a b", "Bearer a,Bearer b", "Basic abc", "", " Bearer a",
		"Bearer a\xe4", "Bearer \u00a0", "Bearer a\x00", "Bearer a=", "Bearera",
	} {
		f.Add(value, value, 1)
		f.Add(value, "Bearer other", 2)
	}
	grammar := regexp.MustCompile(`\A(?i:bearer) +([A-Za-z0-9._~+/=-]+) *\z`)
	f.Fuzz(func(t *testing.T, first, second string, n int) {
		values := []string{first, second}[:min(max(n, 0), 2)]
		token, sent := enforce.Bearer(values)
		var want string
		if len(values) == 1 {
			if m := grammar.FindStringSubmatch(values[0]); m != nil {
				want = m[1]
			}
		}
		if token != want {
			t.Fatalf("%q is the token %q, want %q", values, token, want)
		}
		if token != "" && !sent || len(values) == 0 && sent {
			t.Fatalf("%q: sent is %t", values, sent)
		}
	})
}

func FuzzCompileRefusesAmbiguousPaths(f *testing.F) {
	for _, path := range []string{"/v1/videos", "/v1/:id", "/v1/", "/", "", "v1", "/v1//x", "/v1/../x", "/v1/%2e", "/:", "/:a:b", "/v1/a;b"} {
		f.Add(path, "/v1/videos")
	}
	shape := regexp.MustCompile(`\A(/(:?[A-Za-z0-9._~-]+))+\z`)
	f.Fuzz(func(t *testing.T, pattern, path string) {
		endpoints := []enforce.Endpoint{{Method: "GET", Path: pattern, Scope: "x"}}
		rules, err := enforce.Compile(endpoints, nil)
		if err != nil {
			return
		}
		if !shape.MatchString(pattern) {
			t.Fatalf("%q is accepted", pattern)
		}
		if _, ok := rules.Match("GET", path); ok && len(oracle(endpoints, "GET", path)) == 0 {
			t.Fatalf("%q matches %q", pattern, path)
		}
	})
}
