package oauth

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Failures of ParseQuery and ParseForm; all wrap ErrParams.
var (
	ErrParams          = errors.New("the parameters cannot be read")
	ErrParamsTooLong   = fmt.Errorf("%w: too long", ErrParams)
	ErrParamsTooMany   = fmt.Errorf("%w: more than %d", ErrParams, MaxParams)
	ErrParamsSeparator = fmt.Errorf("%w: a semicolon must be sent as %%3B", ErrParams)
	ErrParamsEscape    = fmt.Errorf("%w: malformed percent-encoding", ErrParams)
	ErrParamsUTF8      = fmt.Errorf("%w: not UTF-8", ErrParams)
)

const (
	// MaxQueryLength bounds the input of ParseQuery, in bytes before decoding.
	MaxQueryLength = 16 << 10
	// MaxFormLength bounds the input of ParseForm, in bytes before decoding: the largest body of
	// docs/wire-contract.md §4.
	MaxFormLength = 64 << 10
	// MaxParams bounds the number of parameters, including repeated ones.
	MaxParams = 100
)

// Params are the parameters of one request. The zero value has none.
type Params struct{ byName map[string][]string }

// ParseQuery parses the raw query of a request, without its question mark. It is strict, so that no
// other component can parse the same text differently: a semicolon, a malformed escape or invalid
// UTF-8 anywhere is an error. Values keep every decoded byte, NUL included; callers validate
// values.
func ParseQuery(raw string) (Params, error) { return parse(raw, MaxQueryLength) }

// ParseForm parses an application/x-www-form-urlencoded body by the same rules.
func ParseForm(body string) (Params, error) { return parse(body, MaxFormLength) }

// NewParams returns the parameters of a request that another component has parsed.
func NewParams(values map[string][]string) Params {
	params := Params{byName: map[string][]string{}}
	for name, list := range values {
		if len(list) > 0 {
			params.byName[name] = list
		}
	}
	return params
}

// Get returns the first value of the parameter with that decoded name, whether it is present, and
// whether it is repeated. A parameter without a value is present with the value "", which callers
// treat as omitted (RFC 6749 §3.1).
func (p Params) Get(name string) (value string, present, repeated bool) {
	found, present := p.byName[name]
	if !present {
		return "", false, false
	}
	return found[0], true, len(found) > 1
}

// With returns the parameters with another value for one of them.
func (p Params) With(name, value string) Params {
	changed := Params{byName: maps.Clone(p.byName)}
	if changed.byName == nil {
		changed.byName = map[string][]string{}
	}
	changed.byName[name] = []string{value}
	return changed
}

// Encode returns the parameters with these names as a query, which ParseForm parses.
func (p Params) Encode(names ...string) string {
	values := url.Values{}
	for _, name := range names {
		if found := p.byName[name]; len(found) > 0 {
			values[name] = found
		}
	}
	return values.Encode()
}

// Values returns all values of the parameter with that decoded name, in their order: for a parameter
// that may be repeated.
func (p Params) Values(name string) []string { return p.byName[name] }

func parse(raw string, maxLength int) (Params, error) {
	if len(raw) > maxLength {
		return Params{}, fmt.Errorf("%w: at most %d KiB", ErrParamsTooLong, maxLength>>10)
	}
	if strings.Contains(raw, ";") {
		return Params{}, ErrParamsSeparator
	}
	if strings.Count(raw, "&") >= MaxParams {
		return Params{}, ErrParamsTooMany
	}
	params := Params{byName: map[string][]string{}}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		if err := params.add(pair); err != nil {
			return Params{}, err
		}
	}
	return params, nil
}

func (p Params) add(pair string) error {
	rawName, rawValue, _ := strings.Cut(pair, "=")
	name, err := decode(rawName)
	if err != nil {
		return err
	}
	value, err := decode(rawValue)
	if err != nil {
		return err
	}
	p.byName[name] = append(p.byName[name], value)
	return nil
}

func decode(raw string) (string, error) {
	s, err := url.QueryUnescape(raw)
	if err != nil {
		return "", ErrParamsEscape
	}
	if !utf8.ValidString(s) {
		return "", ErrParamsUTF8
	}
	return s, nil
}
