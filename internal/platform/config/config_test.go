package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	path := write(t, "name: file\naddrs: [x, y]\ntoken: {life: 5m}\nauthz: {other: 1}\n")
	loaded, err := config.Load(&c, config.Options{
		File:    path,
		Others:  []string{"authz", "token"},
		Environ: []string{"HOME=/", "USHER_NAME=env", "USHER_ON=true", "USHER_TOKEN_KEY=s3cret"},
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
	want := map[string]string{"name": "USHER_NAME", "addrs": path, "on": "USHER_ON", "token.life": path, "token.key": "USHER_TOKEN_KEY"}
	if diff := cmp.Diff(want, loaded.From); diff != "" || len(loaded.Unknown) > 0 {
		t.Errorf("it says of where they came from: %s, unknown: %v", diff, loaded.Unknown)
	}
}

func TestASecretsFileIsReadAnewAndKeepsWhatWasGood(t *testing.T) {
	for name, options := range map[string]func(path string) config.Options{
		"named in the environment": func(path string) config.Options {
			return config.Options{Environ: []string{"USHER_TOKEN_KEY_FILE=" + path}}
		},
		"named in the file": func(path string) config.Options { return config.Options{File: write(t, "token: {key_file: "+path+"}")} },
	} {
		t.Run(name, func(t *testing.T) {
			c, path := defaults(), write(t, "first\n")
			_, err := config.Load(&c, options(path))
			if err != nil || c.Token.Key.Reveal() != "first" {
				t.Fatalf("it says %q, %v", c.Token.Key.Reveal(), err)
			}
			put := func(text string) {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			put("second\r\n")
			if got := c.Token.Key.Reveal(); got != "second" {
				t.Errorf("after a change it says %q", got)
			}
			put("")
			if got := c.Token.Key.Reveal(); got != "second" {
				t.Errorf("while the file is written it says %q", got)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if got := c.Token.Key.Reveal(); got != "second" {
				t.Errorf("while the file is away it says %q", got)
			}
		})
	}
}

func TestTheEnvironmentsSecretGoesBeforeTheFilesOne(t *testing.T) {
	c := defaults()
	_, err := config.Load(&c, config.Options{File: write(t, "token: {key_file: "+write(t, "one")+"}"), Environ: []string{"USHER_TOKEN_KEY=two"}})
	if err != nil || c.Token.Key.Reveal() != "two" {
		t.Errorf("it is %q, %v", c.Token.Key.Reveal(), err)
	}
}

func TestVariablesOfOthersAreLeftAloneAndASlipIsNot(t *testing.T) {
	c := defaults()
	loaded, err := config.Load(&c, config.Options{
		Others: []string{"authz", "token"}, Ignore: []string{"USHER_CONFIG_FILE"},
		Environ: []string{
			"USHER_CONFIG_FILE=x", "USHER_AUTHZ_LIFE=1h", // read elsewhere, and another process's
			"USHER_PORT=tcp://10.0.0.1:80", "USHER_SERVICE_HOST=10.0.0.1", "USHER_SERVICE_PORT=80", "USHER_SERVICE_PORT_HTTP=80", // Kubernetes'
			"USHER_TOKEN_PORT_9090_TCP=tcp://10.0.0.1:9090", "USHER_TOKEN_PORT_9090_TCP_ADDR=10.0.0.1", "USHER_TOKEN_PORT_9090_TCP_PROTO=tcp",
			"USHER_NAEM=a", "USHER_TOKEN_LIEF=1h", "USHER_PORT=8080", "USHER_TOKEN_PORT_HTTP=1", "USHER_TOKEN_KYE_FILE=/x", "USHER_LIFE_FILE=x", // slips
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"USHER_NAEM is not a setting: did you mean USHER_NAME?", "USHER_TOKEN_LIEF is not a setting: did you mean USHER_TOKEN_LIFE?",
		"USHER_PORT is not a setting", "USHER_TOKEN_PORT_HTTP is not a setting",
		"USHER_TOKEN_KYE_FILE is not a setting: did you mean USHER_TOKEN_KEY_FILE?", "USHER_LIFE_FILE is not a setting",
	}
	for i, line := range want {
		if i >= len(loaded.Unknown) || !strings.HasPrefix(loaded.Unknown[i].Error(), line) {
			t.Errorf("of the slips it says %q, want %q", loaded.Unknown, want)
			break
		}
	}
	if len(loaded.Unknown) != len(want) {
		t.Errorf("it finds %q", loaded.Unknown)
	}
}

func TestEveryFaultIsToldAtOnce(t *testing.T) {
	c := defaults()
	_, err := config.Load(&c, config.Options{
		File:    write(t, "nmae: a\non: perhaps\ntoken: {key: s3cret, lief: 1m}"),
		Environ: []string{"USHER_TOKEN_LIFE=soon", "USHER_ADDRS=p"},
	})
	for _, part := range []string{"nmae", "'on'", "token.key is a secret", "token.lief", "USHER_TOKEN_LIFE"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not name %s", err, part)
		}
	}
	if strings.Contains(err.Error(), "s3cret") || !c.Token.Key.IsZero() {
		t.Errorf("the secret in the file was used, or is in the error: %v", err)
	}
	if !slices.Equal(c.Shared.Addrs, []string{"p"}) {
		t.Errorf("valid settings are missing: %+v", c)
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
		"an unknown key":         {config.Options{File: write(t, "token: {lief: 5m}")}, []string{"usher.yaml", "token.lief is not a setting: did you mean token.life?"}},
		"an unknown section":     {config.Options{File: write(t, "tokne: {life: 5m}")}, []string{"usher.yaml", "tokne.life is not a setting: did you mean token.life?"}},
		"a secret in the file":   {config.Options{File: write(t, "token: {key: s3cret}")}, []string{"usher.yaml", "token.key is a secret", "token.key_file", "USHER_TOKEN_KEY_FILE"}},
		"a secret's empty file":  {config.Options{File: write(t, "token: {key_file: "+write(t, "\n")+"}")}, []string{"token.key_file", "is empty"}},
		"a key with a dot":       {config.Options{File: write(t, "token.life: 5m")}, []string{"usher.yaml", "token.life"}},
		"not a section":          {config.Options{File: write(t, "token: 5")}, []string{"usher.yaml", "token"}},
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
	want := []string{"name USHER_NAME first", "addrs USHER_ADDRS a,b,c", "on USHER_ON false", "token.life USHER_TOKEN_LIFE 1h", "token.key USHER_TOKEN_KEY "}
	if !slices.Equal(lines, want) {
		t.Errorf("listed %q, want %q", lines, want)
	}
}
