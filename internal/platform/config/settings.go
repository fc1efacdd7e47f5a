package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/vidocu/usher/internal/platform/secret"
)

// Setting is one that a struct knows.
type Setting struct {
	// Key is its place in the file, with dots.
	Key string
	// Env is its environment variable.
	Env string
	// Help is the field's `help` tag.
	Help string
	// Bounds is the field's `bounds` tag: "<least> to <most>".
	Bounds string
	// For is the field's `for` tag, the processes that read it; empty is all.
	For []string
	// Required is the field's `required` tag: who reads it cannot do without.
	Required bool
	// Default is the value before anything was loaded; empty for a secret.
	Default string
	// Secret says that the value never stands in the settings file: KeyFile there, or EnvFile in the environment, names the
	// file that holds it.
	Secret bool

	value reflect.Value
}

// KeyFile is the key that names the file with a secret.
func (s Setting) KeyFile() string { return s.Key + strings.ToLower(fileSuffix) }

// EnvFile is the variable that names the file with a secret.
func (s Setting) EnvFile() string { return s.Env + fileSuffix }

// ReadBy reports whether a process reads the setting.
func (s Setting) ReadBy(process string) bool {
	return len(s.For) == 0 || slices.Contains(s.For, process)
}

// Empty reports whether it has no value now.
func (s Setting) Empty() bool {
	if v, ok := s.value.Interface().(secret.String); ok {
		return v.IsZero()
	}
	return s.value.IsZero() || s.value.Kind() == reflect.Slice && s.value.Len() == 0
}

// Value is its value now, as it would stand in the environment; a secret's is "[redacted]".
func (s Setting) Value() string {
	if s.Secret {
		return fmt.Sprint(s.value.Interface())
	}
	return text(s.value)
}

// Settings lists what the struct that v points to knows, in the order of its fields.
func Settings(v any) []Setting { return collect(nil, "", reflect.ValueOf(v).Elem()) }

func collect(settings []Setting, prefix string, v reflect.Value) []Setting {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, option, _ := strings.Cut(field.Tag.Get("koanf"), ",")
		if name == "-" || !field.IsExported() {
			continue
		}
		isSecret := field.Type == reflect.TypeFor[secret.String]()
		switch {
		case option == "squash":
			settings = collect(settings, prefix, v.Field(i))
		case field.Type.Kind() == reflect.Struct && !isSecret:
			settings = collect(settings, prefix+name+dot, v.Field(i))
		default:
			settings = append(settings, setting(prefix+name, field, v.Field(i), isSecret))
		}
	}
	return settings
}

func setting(key string, field reflect.StructField, v reflect.Value, isSecret bool) Setting {
	s := Setting{
		Key: key, Env: Prefix + strings.ToUpper(strings.ReplaceAll(key, dot, "_")),
		Help: field.Tag.Get("help"), Bounds: field.Tag.Get("bounds"), For: strings.Fields(field.Tag.Get("for")),
		Required: field.Tag.Get("required") == "true", Secret: isSecret, value: v,
	}
	if !isSecret {
		s.Default = text(v)
	}
	return s
}

// text writes a value as the environment takes it.
func text(v reflect.Value) string {
	if list, ok := v.Interface().([]string); ok {
		return strings.Join(list, ",")
	}
	return fmt.Sprint(v.Interface())
}
