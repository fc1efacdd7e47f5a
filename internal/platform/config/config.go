// Package config reads a process's settings: defaults in the code, then a YAML file, then the environment, each over the one
// before. A name that nobody knows and a value that cannot be used stop the start, with the place to fix.
//
// It owns the reading. What the settings are, and which values make sense, belongs to the structs that it fills.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

const (
	// Prefix begins the name of every environment variable that is read.
	Prefix = "USHER_"
	// fileSuffix ends the name of a variable that names a file with the value: for secrets, which an environment shows.
	fileSuffix = "_FILE"
	dot        = "."
)

// Options say where settings come from.
type Options struct {
	// File is a YAML file; empty for none.
	File string
	// Environ is os.Environ().
	Environ []string
	// Others are top-level sections of the file that belong to other processes, so that all may share one file.
	Others []string
}

// Load fills the struct that dst points to and answers the environment variables with our prefix that it knows nothing of.
// The fields' `koanf` tags name the settings; `token.database_url` is USHER_TOKEN_DATABASE_URL in the environment, and for a
// secret USHER_TOKEN_DATABASE_URL_FILE names a file that holds the value.
func Load(dst any, o Options) (unknown []string, err error) {
	settings := Settings(dst)
	if o.File != "" {
		if err := loadFile(dst, o, settings); err != nil {
			return nil, fmt.Errorf("%s: %w", o.File, err)
		}
	}
	return loadEnviron(dst, o.Environ, settings)
}

func loadFile(dst any, o Options, settings []Setting) error {
	k := koanf.New(dot)
	if err := k.Load(file.Provider(o.File), yaml.Parser()); err != nil {
		return err
	}
	for _, section := range o.Others {
		if !slices.ContainsFunc(settings, func(s Setting) bool { return strings.HasPrefix(s.Key, section+dot) }) {
			k.Delete(section)
		}
	}
	return decode(k, dst)
}

// loadEnviron applies one variable at a time, so that an error names the variable.
func loadEnviron(dst any, environ []string, settings []Setting) (unknown []string, err error) {
	byEnv := make(map[string]Setting, len(settings))
	for _, s := range settings {
		byEnv[s.Env] = s
	}
	set := map[string]string{} // setting → the variable that gave it
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, Prefix) {
			continue
		}
		s, value, err := resolve(byEnv, name, value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if s.Key == "" {
			unknown = append(unknown, name)
			continue
		}
		if other := set[s.Key]; other != "" {
			return nil, fmt.Errorf("%s and %s are both set: keep one", other, name)
		}
		set[s.Key] = name
		if err := apply(dst, s.Key, value); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return unknown, nil
}

// resolve finds the setting of a variable and its value; the zero Setting for a variable that is not ours.
func resolve(byEnv map[string]Setting, name, value string) (Setting, string, error) {
	if s, ok := byEnv[name]; ok {
		return s, value, nil
	}
	s, ok := byEnv[strings.TrimSuffix(name, fileSuffix)]
	if !ok || !s.Secret || !strings.HasSuffix(name, fileSuffix) {
		return Setting{}, "", nil
	}
	raw, err := os.ReadFile(value)
	if err != nil {
		return Setting{}, "", err
	}
	return s, strings.TrimRight(string(raw), "\r\n"), nil
}

func apply(dst any, key, value string) error {
	k := koanf.New(dot)
	if err := k.Load(confmap.Provider(map[string]any{key: value}, dot), nil); err != nil {
		return err
	}
	return decode(k, dst)
}

func decode(k *koanf.Koanf, dst any) error {
	err := k.UnmarshalWithConf("", dst, koanf.UnmarshalConf{Tag: "koanf", DecoderConfig: &mapstructure.DecoderConfig{
		Result:  dst,
		TagName: "koanf", ErrorUnused: true, WeaklyTypedInput: true,
		ZeroFields: true, // a list replaces the list before it, and is not laid over it
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			mapstructure.StringToTimeDurationHookFunc(), list, mapstructure.TextUnmarshallerHookFunc(),
		),
	}})
	if err != nil {
		// The library puts a heading over its findings; they are all that the operator needs.
		_, findings, _ := strings.Cut(err.Error(), "\n\n")
		return errors.New(strings.ReplaceAll(cmp.Or(findings, err.Error()), "\n", "; "))
	}
	return nil
}

// list reads a list from a text with commas; blanks around the items are not part of them.
func list(from, to reflect.Type, data any) (any, error) {
	text, ok := data.(string)
	if !ok || from.Kind() != reflect.String || to != reflect.TypeFor[[]string]() {
		return data, nil
	}
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items, nil
}
