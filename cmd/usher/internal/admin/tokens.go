package admin

import (
	"bufio"
	"context"
	"errors"
	"strings"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// Tokens is `usher tokens`.
type Tokens struct {
	Inspect inspectToken `cmd:"" help:"Say what the token on standard input stands for; it is not printed."`
	Revoke  revokeToken  `cmd:"" help:"End the token on standard input, whoever holds it; a refresh token takes its connection along."`
}

// maxToken is longer than any token.
const maxToken = 4096

// readToken takes the first line of standard input. A token is never an argument, which others on the machine can read.
func (s *Session) readToken() (string, error) {
	in := bufio.NewReaderSize(s.In, maxToken)
	line, err := in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", errors.New("the first line of standard input is too long to be a token")
	}
	token := strings.TrimSpace(string(line))
	if token == "" {
		return "", errors.New("give the token on standard input, such as: usher tokens inspect < file")
	}
	return token, nil
}

type inspectToken struct{}

// Run asks about a token.
func (inspectToken) Run(ctx context.Context, s *Session) error {
	token, err := s.readToken()
	if err != nil {
		return err
	}
	client, err := s.oversight()
	if err != nil {
		return err
	}
	res, err := client.InspectToken(ctx, &tokenv1.InspectTokenRequest{Token: token})
	if err != nil {
		return err
	}
	kind := words(res.GetKind().String(), "TOKEN_KIND_")
	if !res.GetActive() {
		return s.print(res, table{{"KIND", kind}, {"STATE", "not active: unknown, expired or ended"}})
	}
	t := table{{"KIND", kind}, {"STATE", "active"}}
	for _, fact := range [][2]string{
		{"USER", res.GetUserId()},
		{"API KEY", res.GetKeyId()},
		{"APP", res.GetClientId()},
		{"WORKSPACE", res.GetWorkspaceId()},
		{"SCOPES", strings.Join(res.GetScopes(), " ")},
		{"GRANT", short(res.GetGrantId())},
		{"ISSUED", when(res.GetCreateTime())},
		{"ENDS", when(res.GetExpireTime())},
	} {
		if fact[1] != "" {
			t.add(fact[0], fact[1])
		}
	}
	return s.print(res, t)
}

type revokeToken struct{}

// Run ends a token.
func (revokeToken) Run(ctx context.Context, s *Session) error {
	token, err := s.readToken()
	if err != nil {
		return err
	}
	client, err := s.ending()
	if err != nil {
		return err
	}
	res, err := client.EndToken(ctx, &tokenv1.EndTokenRequest{Token: token})
	if err != nil {
		return err
	}
	if !res.GetEnded() {
		return s.done(res, "nothing to end: the token was not active")
	}
	return s.done(res, "the token has ended")
}
