package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

// file reads the settings file.
func (l *loader) file() {
	name := l.options.File
	k := koanf.New(dot)
	if err := k.Load(file.Provider(name), yaml.Parser()); err != nil {
		l.fault(name, err)
		return
	}
	for _, section := range l.options.Others {
		if !l.knows(section) {
			k.Delete(section)
		}
	}
	l.fileSecrets(k)
	l.fileUnknown(k)
	for _, key := range k.Keys() {
		l.loaded.From[key] = name
	}
	for _, fault := range decode(k, l.dst) {
		l.fault(name, fault)
	}
}

// knows reports whether a section has settings of this process.
func (l *loader) knows(section string) bool {
	return slices.ContainsFunc(l.settings, func(s Setting) bool { return strings.HasPrefix(s.Key, section+dot) })
}

// fileSecrets takes the secrets out of what the file says: a file of settings is copied, shown and kept in version control.
func (l *loader) fileSecrets(k *koanf.Koanf) {
	name := l.options.File
	for _, s := range l.settings {
		if !s.Secret {
			continue
		}
		if k.Exists(s.Key) {
			l.fault(name, fmt.Errorf("%s is a secret, which never stands in this file: give %s with the name of a file that holds it, or set %s or %s",
				s.Key, s.KeyFile(), s.EnvFile(), s.Env))
			k.Delete(s.Key)
		}
		if !k.Exists(s.KeyFile()) {
			continue
		}
		path := k.String(s.KeyFile())
		k.Delete(s.KeyFile())
		if err := l.secretFrom(s, path); err != nil {
			l.fault(name, fmt.Errorf("%s: %w", s.KeyFile(), err))
			continue
		}
		l.loaded.From[s.Key] = name
	}
}

// fileUnknown takes out what nobody knows, and says what may have been meant.
func (l *loader) fileUnknown(k *koanf.Koanf) {
	var names []string
	for _, s := range l.settings {
		names = append(names, s.Key)
		if s.Secret {
			names = append(names, s.KeyFile())
		}
	}
	for _, key := range k.Keys() {
		if slices.Contains(names, key) || l.knows(key) { // a section with nothing in it is one of those
			continue
		}
		l.fault(l.options.File, errors.New(key+" is not a setting"+didYouMean(key, names)))
		k.Delete(key)
	}
}
