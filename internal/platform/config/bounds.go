package config

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// bounds is a parsed `bounds` tag: "<least> to <most>" or "<least> or more", optionally followed by
// ", or <value>" for one valid value outside the range. The reference of the settings prints the tag.
type bounds struct {
	// least and most are inclusive. An empty most is no upper bound, an empty besides no value
	// outside the range.
	least, most, besides string
}

// OutOfBounds returns one error that names every setting out of bounds in the struct that v points
// to.
func OutOfBounds(v any) error {
	var faults []error
	for _, s := range Settings(v) {
		if s.Bounds == "" {
			continue
		}
		within, err := s.within(readBounds(s.Bounds))
		if err == nil && !within {
			err = fmt.Errorf("give a %s", s.wanted())
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s is %s: %w", s.Key, s.Value(), err))
		}
	}
	return errors.Join(faults...)
}

func readBounds(tag string) bounds {
	span, besides, _ := strings.Cut(tag, ", or ")
	least, most, both := strings.Cut(span, " to ")
	if !both {
		least = strings.TrimSuffix(span, " or more")
	}
	return bounds{least, most, besides}
}

// within reports whether the value is valid. It fails when a bound does not parse as the setting's
// type.
func (s Setting) within(b bounds) (bool, error) {
	least, err := s.compare(b.least)
	if err != nil {
		return false, err
	}
	inside := least >= 0
	if b.most != "" {
		most, err := s.compare(b.most)
		if err != nil {
			return false, err
		}
		inside = inside && most <= 0
	}
	if b.besides == "" || inside {
		return inside, nil
	}
	besides, err := s.compare(b.besides)
	return besides == 0, err
}

// compare parses text as the setting's type and compares the value with it, as cmp.Compare does: a
// NaN is less than every number, so that it is out of bounds.
func (s Setting) compare(text string) (int, error) {
	other, err := parse(text, s.value.Type())
	if err != nil {
		return 0, err
	}
	switch s.value.Kind() {
	case reflect.Int, reflect.Int64:
		return cmp.Compare(s.value.Int(), reflect.ValueOf(other).Int()), nil
	case reflect.Float64:
		return cmp.Compare(s.value.Float(), reflect.ValueOf(other).Float()), nil
	default:
		return 0, fmt.Errorf("a %s has no bounds", s.value.Type())
	}
}

// wanted describes the valid values, for the error.
func (s Setting) wanted() string {
	what := "number"
	if _, is := s.value.Interface().(time.Duration); is {
		what = "duration"
	}
	if strings.Contains(s.Bounds, " to ") {
		what += " from"
	} else {
		what += " of"
	}
	return what + " " + s.Bounds
}
