package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// validator is a section that validates its values. Its errors begin with the name of the setting.
type validator interface{ Validate() error }

// Validate calls Validate on every section of the struct that v points to, and prefixes each fault
// with the section's key. Embedded sections are validated by their parent.
func Validate(v any) (faults []error) {
	root := reflect.ValueOf(v).Elem()
	for i := range root.NumField() {
		name, option, _ := strings.Cut(root.Type().Field(i).Tag.Get("koanf"), ",")
		section, ok := root.Field(i).Addr().Interface().(validator)
		if !ok || option == "squash" {
			continue
		}
		for _, fault := range Each(section.Validate()) {
			faults = append(faults, fmt.Errorf("%s.%w", name, fault))
		}
	}
	return faults
}

// Missing returns an error for each setting that a process needs and that has no value.
func Missing(v any, process string) (faults []error) {
	for _, s := range Settings(v) {
		if !s.RequiredBy(process) || !s.Empty() {
			continue
		}
		where := s.Env
		if s.Secret {
			where = s.EnvFile() + " or " + s.Env
		}
		faults = append(faults, fmt.Errorf("%s is not set: set %s (%s)", s.Key, where, s.Help))
	}
	return faults
}

// Each splits the errors that errors.Join joined.
func Each(err error) (all []error) {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || errors.Join(joined.Unwrap()...).Error() != err.Error() {
		return []error{err}
	}
	for _, e := range joined.Unwrap() {
		all = append(all, Each(e)...)
	}
	return all
}
