package main

import (
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/policy"
	"github.com/vidocu/usher/internal/platform/run"
)

func TestTheReferenceIsWhatTheCodeSays(t *testing.T) {
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil || string(page) != reference() {
		t.Errorf("docs/configuration.md is stale: run `make configuration` (%v)", err)
	}
	if r := usher(t, t.TempDir(), nil, "config", "--markdown"); r.status != 0 || r.out != reference() {
		t.Errorf("usher config --markdown ends with %d: %s", r.status, r.errors)
	}
}

func TestTheReferenceHasEverySettingUnderEachProcessThatReadsIt(t *testing.T) {
	sections := map[string]string{}
	for part := range strings.SplitSeq(reference(), "\n## ") {
		title, text, _ := strings.Cut(part, "\n")
		sections[title] = text
	}
	for _, s := range config.Settings(defaults()) {
		if s.Help == "" {
			t.Errorf("%s has no sentence that says what it is", s.Key)
		}
		row := "\n| `" + s.Key + "` | `" + s.Env + "`"
		own, _, _ := strings.Cut(s.Key, ".")
		for _, process := range policy.Services() {
			reads := s.ReadBy(process) && (sections[own] == "" || own == process)
			if got := strings.Contains(sections[process]+sections["Every process"], row); got != reads {
				t.Errorf("%s stands under %s: %v, want %v", s.Key, process, got, reads)
			}
		}
		for _, name := range append(s.For, s.Required...) {
			if sections[name] == "" && name != "*" {
				t.Errorf("%s is for %q, which is no process", s.Key, name)
			}
		}
	}
}

// TestBoundsAreTheOnesThatAreKept sets every setting that has bounds to its least and most, which pass, and beyond, which does
// not.
func TestBoundsAreTheOnesThatAreKept(t *testing.T) {
	bounded := 0
	for _, s := range config.Settings(defaults()) {
		span, besides, _ := strings.Cut(s.Bounds, ", or ")
		least, most, both := strings.Cut(span, " to ")
		if !both {
			least = strings.TrimSuffix(span, " or more")
		}
		if s.Bounds == "" {
			continue
		}
		bounded++
		tries := map[string]bool{least: true, step(t, s, least, -1): false}
		if besides != "" {
			tries[besides] = true
		}
		if both {
			tries[most], tries[step(t, s, most, 1)] = true, false
		}
		for value, passes := range tries {
			_, err := run.Load("usher", roomy(s.Key), "", []string{"USHER_PUBLIC_URL=https://login.test", s.Env + "=" + value})
			if (err == nil) != passes || !passes && !strings.HasPrefix(err.Error(), s.Key+" ") {
				t.Errorf("%s = %s of %s: %v", s.Key, value, s.Bounds, err)
			}
		}
	}
	if bounded < 15 {
		t.Errorf("only %d settings have bounds", bounded)
	}
}

// roomy are defaults with room for one setting to take any value of its bounds: of the lifetimes, one bounds the others.
func roomy(key string) *settings {
	all := defaults()
	switch key {
	case "token.family_lifetime":
		all.Token.AccessTokenLifetime, all.Token.RefreshTokenLifetime = time.Second, time.Second
	case "consent.retention":
		all.Token.AccessTokenLifetime, all.Token.RefreshTokenLifetime, all.Token.FamilyLifetime = time.Second, time.Second, time.Second
	}
	return all
}

// step is the next value in a direction.
func step(t *testing.T, s config.Setting, value string, direction int) string {
	t.Helper()
	if n, err := strconv.Atoi(value); err == nil {
		return strconv.Itoa(n + direction)
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		t.Fatalf("the bounds of %s are %q: write them as \"<least> to <most>\" or \"<least> or more\"", s.Key, s.Bounds)
	}
	return (d + time.Duration(direction)).String()
}

// TestEverySettingIsAValueThatTheEnvironmentTakes keeps Value and Default readable back.
func TestEverySettingIsAValueThatTheEnvironmentTakes(t *testing.T) {
	var environ []string
	for _, s := range config.Settings(defaults()) {
		if !s.Secret && s.Default != "" {
			environ = append(environ, s.Env+"="+s.Default)
		}
	}
	again := defaults()
	if _, err := run.Read(again, "", environ); err != nil || !reflect.DeepEqual(values(again), values(defaults())) {
		t.Errorf("%v: %v", err, values(again))
	}
}

func values(s *settings) (all []string) {
	for _, setting := range config.Settings(s) {
		all = append(all, setting.Key+"="+setting.Value())
	}
	return all
}

// TestADecisionIsKeptForLongerThanWhatCameOfIt, where both settings are known.
func TestADecisionIsKeptForLongerThanWhatCameOfIt(t *testing.T) {
	for retention, fits := range map[string]bool{"24h": false, "8760h": false, "8761h": true, "0s": true} {
		_, err := run.Load("usher", defaults(), "", []string{"USHER_PUBLIC_URL=https://login.test", "USHER_CONSENT_RETENTION=" + retention})
		if (err == nil) != fits || !fits && !strings.Contains(err.Error(), "token.family_lifetime") {
			t.Errorf("consent.retention = %s with token.family_lifetime of 8760h: %v", retention, err)
		}
	}
}
