package admin

import (
	"bufio"
	"context"
	"errors"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// Tokens is `usher tokens`.
type Tokens struct {
	Inspect command[struct{}] `cmd:"" help:"Inspect the token on standard input; the token is not printed."`
	Revoke  command[struct{}] `cmd:"" help:"Revoke the token on standard input, of any client; a refresh token is revoked with its grant."`
}

// maxToken is longer than any token.
const maxToken = 4096

// readToken reads the first line of standard input. A token is never an argument, which others on the machine can read.
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

func inspectToken(ctx context.Context, s *Session, _ struct{}) error {
	token, err := s.readToken()
	if err != nil {
		return err
	}
	return call(ctx, s.inspection().InspectToken, &tokenv1.InspectTokenRequest{Token: token}, rows(s, tokenRows))
}

func tokenRows(res *tokenv1.InspectTokenResponse) table.Rows {
	kind := words(res.GetKind().String(), "TOKEN_KIND_")
	if !res.GetActive() {
		return table.Rows{{"KIND", kind}, {"STATE", "not active: unknown, expired or revoked"}}
	}
	t := table.Rows{{"KIND", kind}, {"STATE", "active"}}
	t.AddGiven("USER", res.GetUserId())
	t.AddGiven("API KEY", res.GetKeyId())
	t.AddGiven("CLIENT", res.GetClientId())
	t.AddGiven("WORKSPACE", res.GetWorkspaceId())
	t.AddGiven("SCOPES", strings.Join(res.GetScopes(), " "))
	t.AddGiven("ADDRESSES", strings.Join(res.GetAllowedAddresses(), " "))
	t.AddGiven("GRANT", short(res.GetGrantId()))
	t.AddGiven("ISSUED", timestamp(res.GetCreateTime()))
	t.AddGiven("EXPIRES", timestamp(res.GetExpireTime()))
	return t
}

func revokeToken(ctx context.Context, s *Session, _ struct{}) error {
	token, err := s.readToken()
	if err != nil {
		return err
	}
	return call(ctx, s.revocation().EndToken, &tokenv1.EndTokenRequest{Token: token}, func(response proto.Message) error {
		if res, ok := response.(*tokenv1.EndTokenResponse); ok && res.GetEnded() {
			return s.line("the token is revoked")(response)
		}
		return s.line("nothing was revoked: the token was not active")(response)
	})
}
