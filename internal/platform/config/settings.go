package config

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
)

// Setting describes one setting of a struct.
type Setting struct {
	// Key is its name in the file, with dots.
	Key string
	// Env is its environment variable.
	Env string
	// Help is the field's `help` tag.
	Help string
	// Bounds is the field's `bounds` tag, "<least> to <most>" or "<least> or more", which OutOfBounds holds the value against.
	Bounds string
	// For is the `for` tag of the field or of its section: the processes that read it; empty means
	// all.
	For []string
	// Required is the `required` tag of the field or of its section: the processes that need it;
	// "*" means all.
	Required []string
	// Default is the value before anything was loaded; empty for a secret.
	Default string
	// Secret marks a value that is never in the settings file: KeyFile there, or EnvFile in the
	// environment, names the file that contains it.
	Secret bool

	value reflect.Value
}

// KeyFile returns the key of the file with a secret.
func (s Setting) KeyFile() string { return s.Key + strings.ToLower(fileSuffix) }

// EnvFile returns the variable of the file with a secret.
func (s Setting) EnvFile() string { return s.Env + fileSuffix }

// ReadBy reports whether a process reads the setting.
func (s Setting) ReadBy(process string) bool {
	return len(s.For) == 0 || slices.Contains(s.For, process)
}

// RequiredBy reports whether a process needs the setting.
func (s Setting) RequiredBy(process string) bool {
	return slices.Contains(s.Required, process) || slices.Contains(s.Required, "*")
}

// Variable returns the environment variable of a setting.
func Variable(key string) string { return Prefix + strings.ToUpper(strings.ReplaceAll(key, dot, "_")) }

// Empty reports whether the setting has no value.
func (s Setting) Empty() bool {
	if v, ok := s.value.Interface().(secret.String); ok {
		return v.IsZero()
	}
	return s.value.IsZero() || s.value.Kind() == reflect.Slice && s.value.Len() == 0
}

// Value returns the value in the syntax of the environment; a secret's is "[redacted]".
func (s Setting) Value() string {
	if s.Secret {
		return fmt.Sprint(s.value.Interface())
	}
	return text(s.value)
}

// Settings lists the settings of the struct that v points to, in the order of its fields.
func Settings(v any) []Setting { return collect(nil, place{}, reflect.ValueOf(v).Elem()) }

// place is the position of a field, with the tags that it inherits from its section.
type place struct{ prefix, readers, required string }

func (p place) in(name string, tag reflect.StructTag) place {
	return place{p.prefix + name + dot, cmp.Or(tag.Get("for"), p.readers), cmp.Or(tag.Get("required"), p.required)}
}

func collect(settings []Setting, at place, v reflect.Value) []Setting {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, option, _ := strings.Cut(field.Tag.Get("koanf"), ",")
		if name == "-" || !field.IsExported() {
			continue
		}
		isSecret := field.Type == reflect.TypeFor[secret.String]()
		switch {
		case option == "squash":
			settings = collect(settings, at, v.Field(i))
		case field.Type.Kind() == reflect.Struct && !isSecret:
			settings = collect(settings, at.in(name, field.Tag), v.Field(i))
		default:
			settings = append(settings, setting(at.in(name, field.Tag), field.Tag, v.Field(i)))
		}
	}
	return settings
}

func setting(at place, tag reflect.StructTag, v reflect.Value) Setting {
	key := strings.TrimSuffix(at.prefix, dot)
	s := Setting{
		Key: key, Env: Variable(key), Help: tag.Get("help"), Bounds: tag.Get("bounds"),
		For: strings.Fields(at.readers), Required: strings.Fields(at.required), value: v,
	}
	if _, s.Secret = v.Interface().(secret.String); !s.Secret {
		s.Default = text(v)
	}
	return s
}

// text formats a value in the syntax of the environment.
func text(v reflect.Value) string {
	if list, ok := v.Interface().([]string); ok {
		return strings.Join(list, ",")
	}
	if d, ok := v.Interface().(time.Duration); ok {
		return short(d)
	}
	return fmt.Sprint(v.Interface())
}

// short formats 12h and not 12h0m0s.
func short(d time.Duration) string {
	s := d.String()
	for _, nothing := range []string{"m0s", "h0m"} {
		if rest, found := strings.CutSuffix(s, nothing); found {
			s = rest + nothing[:1]
		}
	}
	return s
}
