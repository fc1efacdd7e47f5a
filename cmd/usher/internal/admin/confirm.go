package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// confirmation is the flags of commands that end access: of many people, or all of one person's.
type confirmation struct {
	Yes    bool `help:"Go on without counting and asking; required where standard input is not a terminal." xor:"confirmation"`
	DryRun bool `help:"Only count what would end, and change nothing." xor:"confirmation"`
}

// impact is the access that a command ends.
type impact struct {
	// count is what the token service counts; nil where there is nothing to count.
	count *tokenv1.CountAccessRequest
	// text names what ends, in the words of a sentence: "12 grants of 3 users to vdo_client_k2v9".
	text func(counted *tokenv1.CountAccessResponse) string
}

var errNotConfirmed = errors.New("not confirmed: nothing was changed")

// confirmed runs a change that ends access, once a person at the terminal has been asked with the count of what ends, or with --yes.
// With --dry-run it prints the count instead.
func (c confirmation) confirmed(ctx context.Context, s *Session, i impact, change func() error) error {
	if c.Yes {
		return change()
	}
	response, text, err := i.counted(ctx, s)
	if err != nil {
		return err
	}
	if c.DryRun {
		return s.print(response, table.Rows{{"would end " + text}})
	}
	terminal, ok := s.terminal()
	if !ok {
		return fmt.Errorf("this ends %s: add --yes to go on, or --dry-run to only count", text)
	}
	fmt.Fprintf(s.Err, "This ends %s. Go on? [y/N] ", text)
	line, err := interruptible(ctx, func() (string, error) { return bufio.NewReader(terminal).ReadString('\n') })
	if err != nil {
		fmt.Fprintln(s.Err)
		return errors.Join(errNotConfirmed, ctx.Err())
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return change()
	}
	return errNotConfirmed
}

// counted returns the counts, and names them.
func (i impact) counted(ctx context.Context, s *Session) (proto.Message, string, error) {
	if i.count == nil {
		return &tokenv1.RevokeApiKeyResponse{}, table.Harmless(i.text(nil)), nil
	}
	res, err := s.inspection().CountAccess(ctx, i.count)
	return res, table.Harmless(i.text(res)), err
}

// terminal is standard input, where it is a terminal.
func (s *Session) terminal() (*os.File, bool) {
	file, ok := s.In.(*os.File)
	return file, ok && isTerminal(file)
}

// clientImpact is all grants of a client.
func clientImpact(clientID string) impact {
	return impact{&tokenv1.CountAccessRequest{ClientId: clientID}, func(c *tokenv1.CountAccessResponse) string {
		return fmt.Sprintf("%s of %s to %s", number(c.GetGrants(), "grant", c), number(c.GetGrantUsers(), "user", c), clientID)
	}}
}

// grantsImpact is all grants of a user, to one client if it is named.
func grantsImpact(userID, clientID string) impact {
	return impact{&tokenv1.CountAccessRequest{UserId: userID, ClientId: clientID}, func(c *tokenv1.CountAccessResponse) string {
		text := number(c.GetGrants(), "grant", c) + " of " + userID
		if clientID != "" {
			text += " to " + clientID
		}
		return text
	}}
}

// userImpact is everything of a user.
func userImpact(userID string) impact {
	return impact{&tokenv1.CountAccessRequest{UserId: userID}, func(c *tokenv1.CountAccessResponse) string {
		return fmt.Sprintf("%s, %s and all browser sessions of %s", number(c.GetGrants(), "grant", c), number(c.GetUserTokens(), "user token", c), userID)
	}}
}

// memberImpact is a user's access to a workspace.
func memberImpact(userID, workspaceID string) impact {
	return impact{&tokenv1.CountAccessRequest{UserId: userID, WorkspaceId: workspaceID}, func(c *tokenv1.CountAccessResponse) string {
		return fmt.Sprintf("%s and %s of %s for %s", number(c.GetGrants(), "grant", c), number(c.GetUserTokens(), "user token", c), userID, workspaceID)
	}}
}

// authAppImpact is the user tokens that were issued through an authentication app.
func authAppImpact(appID string) impact {
	return impact{&tokenv1.CountAccessRequest{AuthenticationAppId: appID}, func(c *tokenv1.CountAccessResponse) string {
		return fmt.Sprintf("%s of %s through %s", number(c.GetUserTokens(), "user token", c), number(c.GetUserTokenUsers(), "user", c), appID)
	}}
}

// uncounted is what ends where the service cannot count it.
func uncounted(text string) impact {
	return impact{nil, func(*tokenv1.CountAccessResponse) string { return text }}
}

// number writes a count with its noun, such as "at least 10,000 grants".
func number(n int64, noun string, of *tokenv1.CountAccessResponse) string {
	text := strconv.FormatInt(n, 10)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	if of.GetTruncated() {
		text = "at least " + text
	}
	if n != 1 {
		noun += "s"
	}
	return text + " " + noun
}
