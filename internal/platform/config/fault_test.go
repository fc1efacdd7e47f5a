package config_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/config"
)

// kinds has a setting of every type.
type kinds struct {
	Part struct {
		Text      string        `koanf:"text"`
		Switch    bool          `koanf:"switch"`
		Count     int           `koanf:"count"`
		Share     float64       `koanf:"share"`
		Life      time.Duration `koanf:"life"`
		Addresses []string      `koanf:"addresses"`
	} `koanf:"part"`
}

func kindDefaults() *kinds {
	k := &kinds{}
	k.Part.Text, k.Part.Switch, k.Part.Count, k.Part.Share = "default", true, 7, 0.5
	k.Part.Life, k.Part.Addresses = time.Hour, []string{"a", "b"}
	return k
}

// TestFault_C1_AValueMeansTheSameInTheFileAndInTheEnvironment or is refused in both.
func TestFault_C1_AValueMeansTheSameInTheFileAndInTheEnvironment(t *testing.T) {
	for setting, values := range map[string]map[string]any{ // the value, or nil for refused
		"life": {
			"60": nil, "60s": time.Minute, "1h30m": 90 * time.Minute, "0": time.Duration(0), "0s": time.Duration(0), "1_000s": nil, "5 m": nil,
			"30d": nil, "-1s": -time.Second, "60.5": nil, "1e3": nil, " 60s ": time.Minute, `"60s"`: nil,
		},
		"switch": {
			"true": true, "false": false, "TRUE": true, "yes": true, "No": false, "on": true, "off": false, "1": true, "0": false, "2": nil,
			"perhaps": nil, "true ": true, "0.0": nil, `'true'`: nil,
		},
		"count": {
			"100": 100, "1_000": 1000, "0": 0, "-1": -1, "0x10": 16, "1e3": nil, "100.0": nil, "100.5": nil, "100 ": 100, "many": nil,
			"true": nil, "9999999999999999999": nil, "10MiB": nil,
		},
		"share":     {"0.1": 0.1, "1": 1.0, "0": 0.0, ".5": 0.5, "1e-1": 0.1, "50%": nil, "half": nil},
		"text":      {"x": "x", "60": "60", "true": "true", "1_000": "1_000", " x ": "x", "0x10": "0x10", "2026-01-01": "2026-01-01", `"x"`: nil, "1.10": "1.10"},
		"addresses": {"x": []string{"x"}, "x,y": []string{"x", "y"}, "x , y,": []string{"x", "y"}, "1": []string{"1"}, ",": []string{"a", "b"}},
	} {
		for text, want := range values {
			fromEnv, envErr := kindDefaults(), error(nil)
			_, envErr = config.Load(fromEnv, config.Options{Environ: []string{"USHER_PART_" + strings.ToUpper(setting) + "=" + text}})
			plain := text
			if strings.HasPrefix(text, `"`) || strings.HasPrefix(text, `'`) || strings.HasPrefix(text, ",") {
				plain = fmt.Sprintf("%q", text) // the string that YAML reads is what the variable contains
			}
			for style, written := range map[string]string{"plain": plain, "quoted": fmt.Sprintf("%q", text)} {
				fromFile := kindDefaults()
				_, fileErr := config.Load(fromFile, config.Options{File: write(t, "part:\n  "+setting+": "+written+"\n")})
				if (fileErr == nil) != (envErr == nil) || (envErr != nil) != (want == nil) {
					t.Errorf("%s %s (%s): file %v, environment %v, want %v", setting, written, style, fileErr, envErr, want)
				}
				if diff := cmp.Diff(fromEnv, fromFile); diff != "" {
					t.Errorf("%s %s (%s): %s", setting, written, style, diff)
				}
			}
			if want == nil {
				continue
			}
			for _, s := range config.Settings(fromEnv) {
				if s.Key == "part."+setting && s.Value() != value(want) {
					t.Errorf("%s=%s is %s, want %v", setting, text, s.Value(), want)
				}
			}
		}
	}
}

// value formats a value as config does.
func value(v any) string {
	switch v := v.(type) {
	case []string:
		return strings.Join(v, ",")
	case time.Duration:
		text := v.String()
		text = strings.TrimSuffix(text, "0s")
		if text == "" || strings.HasSuffix(text, "m") || strings.HasSuffix(text, "h") {
			if text == "" {
				return "0s"
			}
			return text
		}
		return v.String()
	}
	return fmt.Sprint(v)
}

// TestFault_C1_AListMayBeWrittenAsYAMLOrWithCommas in the file; a comma within an item splits it in
// both.
func TestFault_C1_AListMayBeWrittenAsYAMLOrWithCommas(t *testing.T) {
	for _, written := range []string{"[x, y]", "\n    - x\n    - y", "x,y", `["x,y"]`, "[x, , y]", "[x, ~, y]"} {
		got := kindDefaults()
		if _, err := config.Load(got, config.Options{File: write(t, "part:\n  addresses: "+written+"\n")}); err != nil && written != "[x, , y]" ||
			err == nil && strings.Join(got.Part.Addresses, " ") != "x y" {
			t.Errorf("%s: %q, %v", written, got.Part.Addresses, err)
		}
	}
	if _, err := config.Load(kindDefaults(), config.Options{File: write(t, "part: {text: [x, y]}")}); err == nil || !strings.Contains(err.Error(), "part.text") {
		t.Errorf("a list where one value belongs: %v", err)
	}
}

// TestFault_C2_WhatIsNotSaidKeepsItsDefault in the file and in the environment.
func TestFault_C2_WhatIsNotSaidKeepsItsDefault(t *testing.T) {
	for name, options := range map[string]config.Options{
		"an empty file":              {File: write(t, "")},
		"an empty document":          {File: write(t, "---\n...\n")},
		"a section that is empty":    {File: write(t, "part: ''\n")},
		"comments alone":             {File: write(t, "# part:\n#   text: x\n")},
		"a section commented out":    {File: write(t, "part:\n  # text: x\n")},
		"a section that is null":     {File: write(t, "part: ~\n")},
		"an empty section":           {File: write(t, "part: {}\n")},
		"settings without values":    {File: write(t, "part:\n  text:\n  switch:\n  count:\n  share:\n  life:\n  addresses:\n")},
		"settings that are null":     {File: write(t, "part: {text: null, switch: ~, count: null, share: null, life: null, addresses: null}\n")},
		"empty texts":                {File: write(t, `part: {text: "", switch: "", count: "", share: "", life: "", addresses: []}`)},
		"another's section, as null": {File: write(t, "other:\n"), Others: []string{"other"}},
		"empty variables": {Environ: []string{
			"USHER_PART_TEXT=", "USHER_PART_SWITCH=", "USHER_PART_COUNT=", "USHER_PART_SHARE=", "USHER_PART_LIFE= ", "USHER_PART_ADDRESSES=",
		}},
	} {
		got := kindDefaults()
		loaded, err := config.Load(got, options)
		if diff := cmp.Diff(kindDefaults(), got); err != nil || diff != "" || len(loaded.From) > 0 || len(loaded.Unknown) > 0 {
			t.Errorf("%s: %s, %v, %v", name, diff, err, loaded)
		}
	}
	// An empty variable does not override the file, and an empty name of a secret's file counts as
	// not set.
	c := defaults()
	if _, err := config.Load(&c, config.Options{
		File: write(t, "name: file"), Environ: []string{"USHER_NAME=", "USHER_TOKEN_KEY=s3cret", "USHER_TOKEN_KEY_FILE="},
	}); err != nil || c.Shared.Name != "file" || c.Token.Key.Reveal() != "s3cret" {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestFault_C1_YAMLsOwnMeansWorkAsBefore: anchors, merged sections, and duplicate names.
func TestFault_C1_YAMLsOwnMeansWorkAsBefore(t *testing.T) {
	got := kindDefaults()
	_, err := config.Load(got, config.Options{Others: []string{"base"}, File: write(t, "base: &b {count: 3, life: &l 5m}\npart:\n  <<: *b\n  text: x\n  life: *l\n")})
	if err != nil || got.Part.Count != 3 || got.Part.Life != 5*time.Minute || got.Part.Text != "x" {
		t.Errorf("%+v, %v", got.Part, err)
	}
	for _, wrong := range []string{"part: {text: a, text: b}", "part: [a]", "- a", "text", "part: {text: {a: 1}}", "part: {text: a}\n---\npart: {text: b}", "a: [\n---\n"} {
		if _, err := config.Load(kindDefaults(), config.Options{File: write(t, wrong)}); err == nil {
			t.Errorf("%s is accepted", wrong)
		}
	}
}
