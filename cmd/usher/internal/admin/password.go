package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
	"golang.org/x/text/unicode/norm"

	"github.com/vidocu/usher/internal/platform/secret"
)

const (
	// maxPassword is the contract's limit, in bytes.
	maxPassword = 1024
	// minPassword is the contract's limit, in characters of the composed form.
	minPassword = 12
)

var (
	errNoPassword    = errors.New("no password: type one, or write it as one line to standard input")
	errLongPassword  = fmt.Errorf("the password is too long: at most %d bytes are allowed", maxPassword)
	errShortPassword = fmt.Errorf("the password is too short: at least %d characters are required", minPassword)
	errTwoPasswords  = errors.New("the two passwords differ: try again")
)

// prompt reads a line that is not shown.
type prompt func(ctx context.Context, text string) (string, error)

// newPassword reads a new password for a service: twice from a terminal, without showing it, or the first line of standard input. It
// fails before it prompts where no connection to the service can be prepared.
func (s *Session) newPassword(ctx context.Context, service string) (secret.String, error) {
	if _, err := s.dial(service); err != nil {
		return secret.String{}, err
	}
	if file, ok := s.terminal(); ok {
		return readTwice(ctx, s.hiddenPrompt(file))
	}
	return readLine(s.In)
}

func readTwice(ctx context.Context, read prompt) (secret.String, error) {
	first, err := read(ctx, "New password: ")
	if err != nil {
		return secret.String{}, err
	}
	password, err := validPassword(first)
	if err != nil {
		return secret.String{}, err
	}
	second, err := read(ctx, "Repeat it: ")
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
	return validPassword(strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
}

func validPassword(password string) (secret.String, error) {
	switch {
	case password == "":
		return secret.String{}, errNoPassword
	case len(password) > maxPassword:
		return secret.String{}, errLongPassword
	case utf8.RuneCountInString(norm.NFC.String(password)) < minPassword:
		return secret.String{}, errShortPassword
	}
	return secret.New(password), nil
}

func isTerminal(file *os.File) bool { return term.IsTerminal(int(file.Fd())) }

// hiddenPrompt reads lines from a terminal without showing them. An interrupt restores the terminal's state.
func (s *Session) hiddenPrompt(file *os.File) prompt {
	return func(ctx context.Context, text string) (string, error) {
		fd := int(file.Fd())
		before, err := term.GetState(fd)
		if err != nil {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		fmt.Fprint(s.Err, text)
		defer fmt.Fprintln(s.Err)
		line, err := interruptible(ctx, func() (string, error) {
			line, err := term.ReadPassword(fd)
			return string(line), err
		})
		switch {
		case ctx.Err() != nil:
			return "", errors.Join(errors.New("interrupted: nothing was changed"), term.Restore(fd, before))
		case err != nil && !errors.Is(err, io.EOF):
			return "", fmt.Errorf("reading the password: %w", err)
		}
		return line, nil
	}
}

// interruptible reads a line until ctx ends. A read that was interrupted goes on in the background, to the end of the process.
func interruptible(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := read()
		done <- result{line, err}
	}()
	select {
	case r := <-done:
		return r.line, r.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
