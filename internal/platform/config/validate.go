package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// validator is a section that knows which values make sense. Its errors begin with the name of the setting.
type validator interface{ Validate() error }

// Validate asks every section of the struct that v points to, and names each fault by its key. Sections that are laid into
// their parent are the parent's to ask.
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

// Missing names what a process cannot do without and has not.
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

// Each takes what errors.Join joined apart.
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
