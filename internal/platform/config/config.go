// Package config reads a process's settings: defaults in the code, then a YAML file, then the
// environment, each overriding the one before. An unknown name or an invalid value stops the start
// with an error that names its place. File and environment use one decoder for strings, so that a
// value means the same in both; an empty one counts as not set.
//
// It owns the reading. The settings and their validation belong to the structs that it fills.
package config

import (
	"errors"
	"fmt"
	"reflect"
)

const (
	// Prefix is the prefix of every environment variable that is read.
	Prefix = "USHER_"
	// fileSuffix is the suffix of a variable that names a file with the value: for secrets, which
	// should not be in the environment.
	fileSuffix = "_FILE"
	dot        = "."
)

// Options are the sources of settings.
type Options struct {
	// File is a YAML file; empty for none.
	File string
	// Environ is os.Environ().
	Environ []string
	// Others are top-level sections of other processes, so that all may share one file and one
	// environment.
	Others []string
	// Ignore are prefixes of variables that are read elsewhere.
	Ignore []string
}

// Loaded is the result of Load.
type Loaded struct {
	// From is the source of each setting that is not at its default: the file's name or a
	// variable's.
	From map[string]string
	// Unknown are errors for variables with our prefix that match no setting, each with the nearest
	// name.
	Unknown []error
}

// Load fills the struct that dst points to. The error joins every fault, each with its place; valid
// settings are filled in all the same.
//
// The fields' `koanf` tags name the settings; `token.lifetime` is USHER_TOKEN_LIFETIME in the
// environment. A secret, `token.database_url`, is never in the file itself:
// `token.database_url_file` there, or USHER_TOKEN_DATABASE_URL_FILE, names a file that contains it
// and that is read again whenever the secret is revealed; USHER_TOKEN_DATABASE_URL is the secret.
func Load(dst any, o Options) (Loaded, error) {
	l := loader{dst: dst, options: o, settings: Settings(dst), loaded: Loaded{From: map[string]string{}}}
	if o.File != "" {
		l.file()
	}
	l.environ()
	return l.loaded, errors.Join(l.faults...)
}

// loader is the state of one Load.
type loader struct {
	dst      any
	options  Options
	settings []Setting
	loaded   Loaded
	faults   []error
}

// fault records an error at a place.
func (l *loader) fault(place string, err error) {
	l.faults = append(l.faults, fmt.Errorf("%s: %w", place, err))
}

// secretFrom sets a secret that is read from a file.
func (l *loader) secretFrom(s Setting, path string) error {
	value, err := openSecret(path)
	if err != nil {
		return err
	}
	s.value.Set(reflect.ValueOf(value))
	return nil
}
