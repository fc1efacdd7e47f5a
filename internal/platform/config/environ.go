package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// environ applies one variable at a time, so that an error names the variable.
func (l *loader) environ() {
	set := map[string]string{} // setting → the variable that set it
	for _, pair := range l.options.Environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, Prefix) || slices.ContainsFunc(l.options.Ignore, func(p string) bool { return strings.HasPrefix(name, p) }) {
			continue
		}
		s, known := l.variable(name)
		if !known {
			if !l.foreign(name, value) {
				l.loaded.Unknown = append(l.loaded.Unknown, errors.New(name+" is not a setting"+didYouMean(name, l.variables())))
			}
			continue
		}
		if s.unset(value) {
			continue // as if it were not set: deployment templates produce empty variables
		}
		if other := set[s.Key]; other != "" {
			l.faults = append(l.faults, fmt.Errorf("%s and %s are both set: keep one", other, name))
			continue
		}
		set[s.Key], l.loaded.From[s.Key] = name, name
		if s.Secret && name == s.EnvFile() {
			l.applySecret(s, name, value)
			continue
		}
		l.apply(s, name, value)
	}
}

// variable finds the setting of a variable.
func (l *loader) variable(name string) (Setting, bool) {
	for _, s := range l.settings {
		if name == s.Env || s.Secret && name == s.EnvFile() {
			return s, true
		}
	}
	return Setting{}, false
}

// variables returns the names of all variables of this process.
func (l *loader) variables() (names []string) {
	for _, s := range l.settings {
		names = append(names, s.Env)
		if s.Secret {
			names = append(names, s.EnvFile())
		}
	}
	return names
}

// foreign reports whether a variable is not meant for this process: another process's setting, or a
// link that Kubernetes sets for a Service whose name begins with usher (Kubernetes documentation,
// "Accessing the Service").
func (l *loader) foreign(name, value string) bool {
	for _, section := range l.options.Others {
		if strings.HasPrefix(name, Prefix+strings.ToUpper(section)+"_") && !l.knows(section) {
			return true
		}
	}
	if strings.HasSuffix(name, "_SERVICE_HOST") || strings.HasSuffix(name, "_SERVICE_PORT") || strings.Contains(name, "_SERVICE_PORT_") {
		return true
	}
	_, port, found := strings.Cut(name, "_PORT_")
	if found {
		number, rest, _ := strings.Cut(port, "_")
		return number != "" && strings.Trim(number, "0123456789") == "" && isProtocol(rest)
	}
	return strings.HasSuffix(name, "_PORT") && strings.Contains(value, "://")
}

// isProtocol reports whether text is TCP, TCP_ADDR or the like.
func isProtocol(text string) bool {
	protocol, rest, _ := strings.Cut(text, "_")
	return slices.Contains([]string{"TCP", "UDP", "SCTP"}, protocol) && slices.Contains([]string{"", "PROTO", "PORT", "ADDR"}, rest)
}
