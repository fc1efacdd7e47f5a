package admin

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// typed returns one line after the other, as a person types them.
func typed(prompts *[]string, lines ...string) prompt {
	return func(_ context.Context, prompt string) (string, error) {
		*prompts = append(*prompts, prompt)
		if len(lines) == 0 {
			return "", errors.New("nothing more is typed")
		}
		line := lines[0]
		lines = lines[1:]
		return line, nil
	}
}

func TestANewPasswordIsTypedTwice(t *testing.T) {
	for _, c := range []struct {
		lines   []string
		want    error
		prompts int
	}{
		{[]string{"a long secret", "a long secret"}, nil, 2},
		{[]string{"too short 1"}, errShortPassword, 1},
		{[]string{"a long secret", "A long secret"}, errTwoPasswords, 2},
		{[]string{""}, errNoPassword, 1},
		{[]string{string(make([]byte, maxPassword+1))}, errLongPassword, 1},
	} {
		var prompts []string
		password, err := readTwice(t.Context(), typed(&prompts, c.lines...))
		if !errors.Is(err, c.want) || len(prompts) != c.prompts || len(slices.Compact(prompts)) != c.prompts {
			t.Errorf("%.20q prompted %q and returned %v, want %v", c.lines, prompts, err, c.want)
		}
		if err == nil && password.Reveal() != c.lines[0] {
			t.Errorf("%q gave another password", c.lines)
		}
	}
}

func TestAPasswordThatCannotBeReadChangesNothing(t *testing.T) {
	var prompts []string
	if _, err := readTwice(t.Context(), typed(&prompts, "a long secret")); err == nil {
		t.Error("one line was enough")
	}
}
