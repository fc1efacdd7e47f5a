package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/vidocu/usher/internal/platform/secret"
)

// maxPassword is the contract's limit, in bytes.
const maxPassword = 1024

var (
	errNoPassword   = errors.New("no password was given: type one, or send it as one line to standard input")
	errLongPassword = fmt.Errorf("the password is too long: at most %d bytes fit", maxPassword)
	errTwoPasswords = errors.New("the two passwords differ: try again")
)

// asker reads a line that is not shown.
type asker func(ctx context.Context, prompt string) (string, error)

// newPassword reads a new password: twice from a terminal, without showing it, or the first line of standard input.
func (s *Session) newPassword(ctx context.Context) (secret.String, error) {
	if file, ok := s.In.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return askTwice(ctx, s.terminal(file))
	}
	return readLine(s.In)
}

func askTwice(ctx context.Context, ask asker) (secret.String, error) {
	first, err := ask(ctx, "New password: ")
	if err != nil {
		return secret.String{}, err
	}
	password, err := usable(first)
	if err != nil {
		return secret.String{}, err
	}
	second, err := ask(ctx, "Once more: ")
	if err != nil {
		return secret.String{}, err
	}
	if second != first {
		return secret.String{}, errTwoPasswords
	}
	return password, nil
}

func readLine(in io.Reader) (secret.String, error) {
	line, err := bufio.NewReader(io.LimitReader(in, maxPassword+3)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return secret.String{}, fmt.Errorf("reading the password: %w", err)
	}
	return usable(strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
}

func usable(password string) (secret.String, error) {
	switch {
	case password == "":
		return secret.String{}, errNoPassword
	case len(password) > maxPassword:
		return secret.String{}, errLongPassword
	}
	return secret.New(password), nil
}

// terminal asks at a terminal. Ctrl-C gives the terminal back as it was, showing what is typed.
func (s *Session) terminal(file *os.File) asker {
	return func(ctx context.Context, prompt string) (string, error) {
		fd := int(file.Fd())
		before, err := term.GetState(fd)
		if err != nil {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		fmt.Fprint(s.Err, prompt)
		defer fmt.Fprintln(s.Err)
		type answer struct {
			line []byte
			err  error
		}
		got := make(chan answer, 1)
		go func() {
			line, err := term.ReadPassword(fd)
			got <- answer{line, err}
		}()
		select {
		case a := <-got:
			if a.err != nil && !errors.Is(a.err, io.EOF) {
				return "", fmt.Errorf("reading the password: %w", a.err)
			}
			return string(a.line), nil
		case <-ctx.Done():
			return "", errors.Join(errors.New("interrupted: nothing was changed"), term.Restore(fd, before))
		}
	}
}
