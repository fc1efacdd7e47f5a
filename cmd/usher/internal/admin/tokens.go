package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

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
	client, err := s.introspection()
	if err != nil {
		return err
	}
	res, err := client.IntrospectToken(ctx, &tokenv1.IntrospectTokenRequest{Token: token})
	if err != nil {
		return err
	}
	if !res.GetActive() {
		return s.done(res, "not active: unknown, expired or revoked")
	}
	t := table{{"active", strings.ToLower(strings.TrimPrefix(res.GetKind().String(), "TOKEN_KIND_"))}}
	for _, fact := range [][2]string{
		{"subject", res.GetSub()}, {"user", res.GetUsername()}, {"app", res.GetClientId()}, {"workspace", res.GetWorkspaceId()},
		{"plan", res.GetPlan()}, {"scopes", res.GetScope()}, {"issued", second(res.GetIat())}, {"expires", second(res.GetExp())},
	} {
		t.add(fact[0], orNone(fact[1]))
	}
	return s.print(res, t)
}

// second is a time in whole seconds; none for 0.
func second(unix int64) string {
	if unix == 0 {
		return ""
	}
	return time.Unix(unix, 0).UTC().Format(time.RFC3339)
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

// Revocations is `usher revocations`.
type Revocations struct {
	Tail tailRevocations `cmd:"" help:"Print what ends as it ends, until interrupted; --after begins further back."`
}

type tailRevocations struct {
	After *int64 `help:"Begin behind this place in the log; 0 is its beginning." placeholder:"CURSOR"`
	Count int    `help:"Leave after so many; 0 goes on." default:"0"`
}

// Run follows the log.
func (c tailRevocations) Run(ctx context.Context, s *Session) error {
	client, err := s.revocations()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	stream, err := client.WatchRevocations(ctx, &tokenv1.WatchRevocationsRequest{Cursor: c.After})
	if err != nil {
		return err
	}
	for left := c.Count; ; {
		res, err := stream.Recv()
		if ctx.Err() != nil {
			return nil // interrupted
		}
		if err != nil {
			return fmt.Errorf("following the revocation log: %w", err)
		}
		if res.GetReset_() {
			fmt.Fprintf(s.Err, "The log does not reach back so far: going on behind %d.\n", res.GetCursor())
		}
		for _, r := range res.GetRevocations() {
			if err := s.print(r, table{revocationRow(r)}); err != nil {
				return err
			}
			if left--; left == 0 {
				return nil
			}
		}
	}
}

func revocationRow(r *tokenv1.Revocation) []string {
	row := []string{fmt.Sprint(r.GetCursor()), strings.ToLower(strings.TrimPrefix(r.GetKind().String(), "REVOCATION_KIND_"))}
	for _, name := range []string{r.GetUserId(), r.GetClientId(), r.GetWorkspaceId()} {
		if name != "" {
			row = append(row, name)
		}
	}
	return row
}
