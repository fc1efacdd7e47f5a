package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/secret"
)

// texts are what operators write as a value of any setting, right or wrong for it.
func texts() []string {
	return []string{
		"", " ", "\n", ",", "60", " 60s ", "1h30m", "30d", "5 m", "-1s", "0", "-0", "007", "-1", "+5", "1_000", "0x10", "0o17", "1e3", "1.5", "1.", ".nan", "inf",
		"50%", "10MiB", "9999999999999999999", "TRUE", "yes", "n", "off", "t", "2", "null", "~", "nil", "''", `'60s'`, `"60s"`, `a,"b"`, "[]", "{a: b}", "- a",
		"a: b", "a #b", "# a", "&a", "*a", "!!int 5", "|", "%a", "a, b", ",a", "a,,b", "a\tb", "a\nb", "a\\b", `\n`, "$HOME", "<<", "=", "-", "é", "\u00a060s", "\ufeff60s",
		"2026-01-01", "1:30", ":8080", "::1", "h:80,h:81", "https://h:1", "postgres://u@h/d", "10.0.0.0/8", "debug", "json", strings.Repeat("x", 5000),
	}
}

// outcome is what became of all settings.
type outcome struct {
	Values []string
	// Set are the keys that something was said of.
	Set []string
	// Faults are what values are refused for, without the place.
	Faults []string
}

// outcomeOf loads a file or an environment.
func outcomeOf(file string, environ []string) (o outcome) {
	all := defaults()
	loaded, err := run.Read(all, file, environ)
	settings := config.Settings(all)
	for _, fault := range config.Each(errors.Join(append(loaded.Unknown, err)...)) {
		o.Faults = append(o.Faults, afterPlace(settings, fault.Error(), file))
	}
	for _, fault := range run.Validate(all) {
		o.Faults = append(o.Faults, fault.Error())
	}
	slices.Sort(o.Faults)
	o.Set = slices.Sorted(maps.Keys(loaded.From))
	o.Values = append(values(all), secrets(reflect.ValueOf(all).Elem())...)
	return o
}

// afterPlace cuts off the file, the key or the variable that a fault begins with.
func afterPlace(settings []config.Setting, fault, file string) string {
	for _, s := range settings {
		for _, place := range []string{file + ": " + s.KeyFile(), s.Env, s.EnvFile()} {
			if rest, found := strings.CutPrefix(fault, place+": "); found {
				return rest
			}
		}
	}
	return strings.TrimPrefix(fault, file+": ")
}

// secrets are what lies behind the redacted values, to compare it.
func secrets(v reflect.Value) (all []string) {
	for i := range v.NumField() {
		switch field := v.Field(i).Interface().(type) {
		case secret.String:
			all = append(all, field.Reveal())
		default:
			if v.Field(i).Kind() == reflect.Struct {
				all = append(all, secrets(v.Field(i))...)
			}
		}
	}
	return all
}

// everything is a file that sets every setting to a value, which is YAML already; secrets by the file that is named.
func everything(value, secretFile string) string {
	top, sections := "", map[string]string{}
	for _, s := range config.Settings(defaults()) {
		key, written := s.Key, value
		if s.Secret {
			key, written = s.KeyFile(), secretFile
		}
		section, name, inSection := strings.Cut(key, ".")
		if !inSection {
			top += key + ": " + written + "\n"
			continue
		}
		sections[section] += "  " + name + ": " + written + "\n"
	}
	for section, lines := range sections {
		top += section + ":\n" + lines
	}
	return top
}

// variables set every setting to a text; secrets directly, or by the file that is named.
func variables(text, secretFile string) (environ []string) {
	for _, s := range config.Settings(defaults()) {
		if s.Secret && secretFile != "" {
			environ = append(environ, s.EnvFile()+"="+secretFile)
		} else {
			environ = append(environ, s.Env+"="+text)
		}
	}
	return environ
}

// settingYAML writes a setting's section and its name with a value that is YAML already.
func settingYAML(key, value string) string {
	section, name, inSection := strings.Cut(key, ".")
	if !inSection {
		return key + ": " + value + "\n"
	}
	return section + ":\n  " + name + ": " + value + "\n"
}

// spellings are how a text may stand in YAML so that YAML reads exactly that text: quoted, and plain where it can be.
func spellings(text string) []string {
	all := []string{fmt.Sprintf("%q", text)}
	var node yaml.Node
	if err := yaml.Unmarshal([]byte("s:\n  k: "+text+"\n  l: x\n"), &node); err != nil || strings.HasPrefix(text, "\ufeff") || len(node.Content[0].Content[1].Content) != 4 {
		return all
	}
	value := node.Content[0].Content[1].Content[1]
	if value.Kind == yaml.ScalarNode && value.Value == text && value.Tag != "!!null" && value.Anchor == "" {
		all = append(all, text)
	}
	return all
}

// TestFault_C1_EverySettingMeansTheSameInTheFileAndInTheEnvironment, whatever is written, or is refused in both with the same words.
func TestFault_C1_EverySettingMeansTheSameInTheFileAndInTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	path, held := filepath.Join(dir, "settings.yaml"), filepath.Join(dir, "secret")
	for _, text := range texts() {
		write(t, held, text)
		want := outcomeOf("", variables(text, held))
		for _, spelling := range spellings(text) {
			if diff := cmp.Diff(want, outcomeOf(write(t, path, everything(spelling, held)), nil)); diff != "" {
				t.Errorf("%.50s in the file is another than %.50q in variables: %s", spelling, text, diff)
			}
		}
		// A variable that says nothing is none, and a file that is named must say something.
		if strings.TrimSpace(text) == "" {
			text = "text"
			write(t, held, text)
			want = outcomeOf("", variables(text, held))
		}
		if diff := cmp.Diff(want, outcomeOf("", variables(text, ""))); diff != "" {
			t.Errorf("a secret in a file is another than %.50q in its variable: %s", text, diff)
		}
	}
}

// TestFault_C1_AListsItemsMayNotBeInQuotes, which would be part of them: no certificate has such a name.
func TestFault_C1_AListsItemsMayNotBeInQuotes(t *testing.T) {
	for _, text := range []string{`"a"`, `"a",b`, `a,'b'`, `a, "b" ,c`} {
		for where, o := range map[string]outcome{
			"variable": outcomeOf("", []string{"USHER_RESOURCE_SERVERS=" + text}),
			"file":     outcomeOf(write(t, filepath.Join(t.TempDir(), "settings.yaml"), fmt.Sprintf("resource_servers: %q", text)), nil),
		} {
			if !strings.Contains(strings.Join(o.Faults, ""), "resource_servers is in quotes") {
				t.Errorf("%s in the %s: %q", text, where, o.Faults)
			}
		}
	}
}

// TestFault_C2_WhatIsNotSaidOfAnySettingKeepsItsDefault, however it is not said.
func TestFault_C2_WhatIsNotSaidOfAnySettingKeepsItsDefault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "settings.yaml")
	want := values(defaults())
	for _, s := range config.Settings(defaults()) {
		section, _, inSection := strings.Cut(s.Key, ".")
		files := map[string]string{}
		for _, nothing := range []string{"", "~", "null", `""`, "''", "' '", "# only a comment"} {
			files["value "+nothing] = settingYAML(s.Key, nothing)
			if s.Secret {
				files["file "+nothing] = settingYAML(s.KeyFile(), nothing)
			}
			if inSection {
				files["section "+nothing] = section + ": " + nothing + "\n"
			}
		}
		if inSection {
			files["empty section"] = section + ": {}\n"
			files["commented out"] = section + ":\n  # " + strings.TrimPrefix(s.Key, section+".") + ": 5\n"
		}
		for name, text := range files {
			all := defaults()
			if loaded, err := run.Read(all, write(t, path, text), nil); err != nil || len(loaded.From) > 0 || !slices.Equal(values(all), want) {
				t.Errorf("%s, %s: %v, set is %v", s.Key, name, err, loaded.From)
			}
		}
		for _, nothing := range []string{"", " ", "\n", "\t"} {
			all := defaults()
			environ := []string{s.Env + "=" + nothing}
			if s.Secret {
				environ = append(environ, s.EnvFile()+"="+nothing)
			}
			if loaded, err := run.Read(all, "", environ); err != nil || len(loaded.From)+len(loaded.Unknown) > 0 || !slices.Equal(values(all), want) {
				t.Errorf("%s=%q: %v, set is %v", s.Env, nothing, err, loaded.From)
			}
		}
	}
}

// TestFault_C1_ANameThatIsWrittenWrongIsRefusedInBoth, with the one that was meant, also where its value is empty.
func TestFault_C1_ANameThatIsWrittenWrongIsRefusedInBoth(t *testing.T) {
	path := filepath.Join(t.TempDir(), "settings.yaml")
	for _, s := range config.Settings(defaults()) {
		for _, value := range []string{"1", ""} {
			_, inFile := run.Read(defaults(), write(t, path, settingYAML(s.Key+"x", value)), nil)
			loaded, err := run.Read(defaults(), "", []string{s.Env + "X=" + value})
			if err != nil || len(loaded.Unknown) != 1 || !strings.Contains(loaded.Unknown[0].Error(), s.Env) {
				t.Errorf("%sX = %q: %v, %v", s.Env, value, err, loaded.Unknown)
			}
			if inFile == nil || !strings.Contains(inFile.Error(), s.Key) {
				t.Errorf("%sx = %q: %v", s.Key, value, inFile)
			}
		}
	}
}

// write writes a file and returns its path.
func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
