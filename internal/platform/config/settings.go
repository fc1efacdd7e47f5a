package config

import (
	"fmt"
	"reflect"
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
	// Default is the value before anything was loaded; empty for a secret.
	Default string
	// Secret says that the value may also come from the file that Env+"_FILE" names.
	Secret bool
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
		Help: field.Tag.Get("help"), Secret: isSecret,
	}
	switch {
	case isSecret:
	case v.Kind() == reflect.Slice:
		s.Default = strings.Trim(fmt.Sprint(v.Interface()), "[]")
	default:
		s.Default = fmt.Sprint(v.Interface())
	}
	return s
}
