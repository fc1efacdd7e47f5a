package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/secret"
)

type shared struct {
	Name  string   `koanf:"name" help:"a name"`
	Addrs []string `koanf:"addrs"`
	On    bool     `koanf:"on"`
}

type section struct {
	Life time.Duration `koanf:"life"`
	Key  secret.String `koanf:"key"`
	Own  string        `koanf:"-"`
}

type plain struct {
	Shared shared  `koanf:",squash"`
	Token  section `koanf:"token"`
}

func defaults() plain {
	return plain{Shared: shared{Name: "first", Addrs: []string{"a", "b", "c"}}, Token: section{Life: time.Hour, Own: "kept"}}
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "usher.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheEnvironmentWinsOverTheFileOverTheDefaults(t *testing.T) {
	c := defaults()
	unknown, err := config.Load(&c, config.Options{
		File:    write(t, "name: file\naddrs: [x, y]\ntoken: {life: 5m}\nauthz: {other: 1}\n"),
		Others:  []string{"authz", "token"},
		Environ: []string{"HOME=/", "USHER_NAME=env", "USHER_ON=true", "USHER_TOKEN_KEY=s3cret", "USHER_NAEM=typo"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Shared.Name != "env" || !c.Shared.On || c.Token.Life != 5*time.Minute || c.Token.Own != "kept" {
		t.Errorf("loaded %+v", c)
	}
	if c.Token.Key.Reveal() != "s3cret" {
		t.Error("the secret was not loaded")
	}
	if !slices.Equal(c.Shared.Addrs, []string{"x", "y"}) {
		t.Errorf("a shorter list was laid over a longer one: %q", c.Shared.Addrs)
	}
	if !slices.Equal(unknown, []string{"USHER_NAEM"}) {
		t.Errorf("unknown variables are %q", unknown)
	}
}

func TestASecretMayComeFromAFile(t *testing.T) {
	c := defaults()
	path := write(t, "from-file\n")
	if _, err := config.Load(&c, config.Options{Environ: []string{"USHER_TOKEN_KEY_FILE=" + path, "USHER_ADDRS= p , q"}}); err != nil {
		t.Fatal(err)
	}
	if c.Token.Key.Reveal() != "from-file" || !slices.Equal(c.Shared.Addrs, []string{"p", "q"}) {
		t.Errorf("loaded %+v", c)
	}
}

func TestAFaultNamesThePlaceToFix(t *testing.T) {
	for name, c := range map[string]struct {
		options config.Options
		want    []string
	}{
		"an unknown key":         {config.Options{File: write(t, "token: {lief: 5m}")}, []string{"usher.yaml", "lief"}},
		"an unknown section":     {config.Options{File: write(t, "tokne: {life: 5m}")}, []string{"usher.yaml", "tokne"}},
		"a bad duration":         {config.Options{Environ: []string{"USHER_TOKEN_LIFE=soon"}}, []string{"USHER_TOKEN_LIFE", "token.life", "duration"}},
		"no such file":           {config.Options{File: "/nowhere/usher.yaml"}, []string{"/nowhere/usher.yaml"}},
		"no such secret file":    {config.Options{Environ: []string{"USHER_TOKEN_KEY_FILE=/nowhere"}}, []string{"USHER_TOKEN_KEY_FILE"}},
		"a secret in two places": {config.Options{Environ: []string{"USHER_TOKEN_KEY=a", "USHER_TOKEN_KEY_FILE=" + write(t, "b")}}, []string{"USHER_TOKEN_KEY", "USHER_TOKEN_KEY_FILE"}},
	} {
		dst := defaults()
		_, err := config.Load(&dst, c.options)
		for _, part := range c.want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: error %v does not name %q", name, err, part)
			}
		}
	}
}

func TestSettingsAreListedWithTheirVariables(t *testing.T) {
	c := defaults()
	var lines []string
	for _, s := range config.Settings(&c) {
		lines = append(lines, s.Key+" "+s.Env+" "+s.Default)
	}
	want := []string{"name USHER_NAME first", "addrs USHER_ADDRS a b c", "on USHER_ON false", "token.life USHER_TOKEN_LIFE 1h0m0s", "token.key USHER_TOKEN_KEY "}
	if !slices.Equal(lines, want) {
		t.Errorf("listed %q, want %q", lines, want)
	}
}
