package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
)

// apply parses text, which was found at a place, and sets a setting.
func (l *loader) apply(s Setting, place, text string) {
	if s.Secret {
		text = strings.TrimRight(text, "\r\n") // as in a secret's file
	} else if text = strings.TrimSpace(text); s.quoted(text) {
		l.fault(place, fmt.Errorf("%s is in quotes, which are part of the value here: leave them out", s.Key))
		return
	}
	k := koanf.New(dot)
	if err := k.Load(confmap.Provider(map[string]any{s.Key: text}, dot), nil); err != nil {
		l.fault(place, err)
		return
	}
	var wrong error // the library's error names Go types, which do not help an operator
	hook := func(_, to reflect.Type, data any) (any, error) {
		text, ok := data.(string)
		if !ok {
			return data, nil
		}
		value, err := parse(text, to)
		if err != nil {
			wrong = fmt.Errorf("'%s' is %q: %w", s.Key, text, err)
		}
		return value, err
	}
	err := k.UnmarshalWithConf("", l.dst, koanf.UnmarshalConf{Tag: "koanf", DecoderConfig: &mapstructure.DecoderConfig{
		Result: l.dst, TagName: "koanf", ErrorUnused: true,
		ZeroFields: true, // a list replaces the previous list, and is not merged into it
		DecodeHook: mapstructure.DecodeHookFuncType(hook),
	}})
	switch {
	case wrong != nil:
		l.fault(place, wrong)
	case err != nil:
		l.fault(place, err)
	}
}

// applySecret sets a secret from the file that a setting names.
func (l *loader) applySecret(s Setting, place, path string) {
	if err := l.secretFrom(s, strings.TrimSpace(path)); err != nil {
		l.fault(place, err)
	}
}

// unset reports whether text is empty: the setting keeps its value. An empty list counts as empty.
func (s Setting) unset(text string) bool {
	if s.value.Type() == reflect.TypeFor[[]string]() {
		return len(list(text)) == 0
	}
	return strings.TrimSpace(text) == ""
}

// quoted reports whether a value, or an item of a list, still has quotes that a shell, or a file of
// another syntax, would have removed.
func (s Setting) quoted(text string) bool {
	return quoted(text) || s.value.Type() == reflect.TypeFor[[]string]() && slices.ContainsFunc(list(text), quoted)
}

func quoted(text string) bool {
	return len(text) > 1 && (text[0] == '"' || text[0] == '\'') && text[len(text)-1] == text[0]
}

// parse parses the text of a setting as a type. Sections, which are structs, never come here.
func parse(text string, to reflect.Type) (any, error) {
	switch {
	case to == reflect.TypeFor[time.Duration]():
		return duration(text)
	case to == reflect.TypeFor[[]string]():
		return list(text), nil
	case reflect.PointerTo(to).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		value := reflect.New(to)
		err := value.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) //nolint:forcetypeassert,errcheck // it implements it
		return value.Elem().Interface(), err
	}
	switch to.Kind() {
	case reflect.Bool:
		return boolean(text)
	case reflect.Int:
		n, err := strconv.ParseInt(text, 0, strconv.IntSize)
		if err != nil {
			return 0, errors.New("give a whole number, such as 100")
		}
		return int(n), nil
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0.0, errors.New("give a number, such as 0.1")
		}
		return f, nil
	default:
		return text, nil
	}
}

// duration parses a number with its unit.
func duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, errors.New("give a duration with its unit, such as 90s, 15m or 24h")
	}
	return d, nil
}

// boolean parses the spellings of true and false in both versions of YAML and in shells.
func boolean(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "1", "t":
		return true, nil
	case "false", "no", "off", "0", "f":
		return false, nil
	}
	return false, errors.New("give true or false")
}

// list splits a list at its commas and trims blanks around the items.
func list(text string) []string {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
