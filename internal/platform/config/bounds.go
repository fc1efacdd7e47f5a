package config

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// bounds are what a `bounds` tag says: "<least> to <most>" or "<least> or more", and then perhaps ", or <value>" for one value beside
// them. They are what the reference prints and what a value is held against.
type bounds struct {
	// least and most are inclusive; most is empty where there is none, and besides where no other value is allowed.
	least, most, besides string
}

// OutOfBounds joins a fault for every setting of the struct that v points to that is not within its bounds.
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

// within fails where the bounds are no values of the setting's type.
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

// compare holds the value against one that a text says, as cmp.Compare does. What is not a number is below every number.
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

// wanted says in words what may be given.
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
