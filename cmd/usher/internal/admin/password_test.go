package admin

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// typed answers one line after the other, as somebody at a terminal.
func typed(prompts *[]string, lines ...string) asker {
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
		lines []string
		want  error
		asked int
	}{
		{[]string{"secret", "secret"}, nil, 2},
		{[]string{"secret", "Secret"}, errTwoPasswords, 2},
		{[]string{""}, errNoPassword, 1},
		{[]string{string(make([]byte, maxPassword+1))}, errLongPassword, 1},
	} {
		var prompts []string
		password, err := askTwice(t.Context(), typed(&prompts, c.lines...))
		if !errors.Is(err, c.want) || len(prompts) != c.asked || len(slices.Compact(prompts)) != c.asked {
			t.Errorf("%.20q asked %q and answered %v, want %v", c.lines, prompts, err, c.want)
		}
		if err == nil && password.Reveal() != c.lines[0] {
			t.Errorf("%q gave another password", c.lines)
		}
	}
}

func TestAPasswordThatCannotBeReadChangesNothing(t *testing.T) {
	var prompts []string
	if _, err := askTwice(t.Context(), typed(&prompts, "secret")); err == nil {
		t.Error("one line was enough")
	}
}
