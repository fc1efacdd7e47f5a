// Package config reads a process's settings: defaults in the code, then a YAML file, then the environment, each over the one
// before. An unknown name and a value that cannot be used stop the start, with the place to fix. File and environment give the same
// texts to one decoder, so that a value means the same in both; an empty one is not set.
//
// It owns the reading. What the settings are, and which values make sense, belongs to the structs that it fills.
package config

import (
	"errors"
	"fmt"
	"reflect"
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
	// Others are top-level sections that belong to other processes, so that all may share one file and one environment.
	Others []string
	// Ignore are the beginnings of names of variables that are read elsewhere.
	Ignore []string
}

// Loaded is what Load found.
type Loaded struct {
	// From is where each setting that is not at its default came from: the file's name or a variable's.
	From map[string]string
	// Unknown are the variables with our prefix that nobody reads, each with the name it may have meant.
	Unknown []error
}

// Load fills the struct that dst points to. The error joins every fault that it found, each with its place; what was without
// fault is filled in all the same.
//
// The fields' `koanf` tags name the settings; `token.lifetime` is USHER_TOKEN_LIFETIME in the environment. A secret,
// `token.database_url`, never stands in the file itself: `token.database_url_file` there, or USHER_TOKEN_DATABASE_URL_FILE,
// names a file that holds it and that is read anew whenever the secret is revealed; USHER_TOKEN_DATABASE_URL is the secret.
func Load(dst any, o Options) (Loaded, error) {
	l := loader{dst: dst, options: o, settings: Settings(dst), loaded: Loaded{From: map[string]string{}}}
	if o.File != "" {
		l.file()
	}
	l.environ()
	return l.loaded, errors.Join(l.faults...)
}

// loader is one Load.
type loader struct {
	dst      any
	options  Options
	settings []Setting
	loaded   Loaded
	faults   []error
}

// fault notes what is wrong at a place.
func (l *loader) fault(place string, err error) {
	l.faults = append(l.faults, fmt.Errorf("%s: %w", place, err))
}

// secretFrom lets a secret be what a file says.
func (l *loader) secretFrom(s Setting, path string) error {
	value, err := openSecret(path)
	if err != nil {
		return err
	}
	s.value.Set(reflect.ValueOf(value))
	return nil
}
