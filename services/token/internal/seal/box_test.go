package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/seal"
)

// TestABoxKeepsItsKeys when their files are replaced while the process runs.
func TestABoxKeepsItsKeys(t *testing.T) {
	key, other := "0123456789abcdef0123456789abcdef", "1123456789abcdef0123456789abcdef"
	before, err := seal.NewBox(secret.New(other), secret.String{}).Seal("a", []byte("old"))
	if err != nil {
		t.Fatal(err)
	}
	box := seal.NewBox(secret.Live(func() string { return key }), secret.Live(func() string { return other }))
	sealed, err := box.Seal("a", []byte("plain"))
	if err != nil {
		t.Fatal(err)
	}
	key, other = "2123456789abcdef0123456789abcdef", ""
	for want, bytes := range map[string][]byte{"plain": sealed, "old": before} {
		if plain, err := box.Open("a", bytes); err != nil || string(plain) != want {
			t.Errorf("after the files were replaced it opens %q, %v, want %q", plain, err, want)
		}
	}
}

func TestABoxOpensWithItsKeyAndLabelAlone(t *testing.T) {
	box := seal.NewBox(secret.New("0123456789abcdef0123456789abcdef"), secret.String{})
	sealed, err := box.Seal("a", []byte("plain"))
	if err != nil || bytes.Contains(sealed, []byte("plain")) {
		t.Fatalf("%q, %v", sealed, err)
	}
	if plain, err := box.Open("a", sealed); err != nil || string(plain) != "plain" {
		t.Errorf("opened: %q, %v", plain, err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another label": func() ([]byte, error) { return box.Open("b", sealed) },
		"another key": func() ([]byte, error) {
			return seal.NewBox(secret.New("1123456789abcdef0123456789abcdef"), secret.String{}).Open("a", sealed)
		},
		"changed bytes": func() ([]byte, error) { return box.Open("a", append(bytes.Clone(sealed), 0)) },
		"nothing":       func() ([]byte, error) { return box.Open("a", nil) },
	} {
		if plain, err := open(); !errors.Is(err, seal.ErrUnreadable) || plain != nil {
			t.Errorf("%s: %q, %v, want ErrUnreadable", name, plain, err)
		}
	}
}
