package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"google.golang.org/grpc"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// Revocations is `usher revocations`.
type Revocations struct {
	List listRevocations `cmd:"" help:"List the newest entries of the revocation log, or those after a cursor; it holds a week."`
	Tail tailRevocations `cmd:"" help:"Follow the revocation log until interrupted; --after begins further back."`
}

type listRevocations struct {
	After *int64 `help:"List entries after this cursor; 0 is the beginning of the log." placeholder:"CURSOR"`
	Limit int32  `help:"List at most this many, 1 to 1000." default:"100"`
}

// Validate is called by kong.
func (c listRevocations) Validate() error {
	if c.Limit < 1 || c.Limit > maxPage {
		return errors.New("--limit must be from 1 to 1000; --after continues where a list ended")
	}
	return nil
}

// Run lists entries.
func (c listRevocations) Run(ctx context.Context, s *Session) error {
	return call(ctx, s.inspection().ListRevocations, &tokenv1.ListRevocationsRequest{AfterCursor: c.After, PageSize: c.Limit}, rows(s, revocationRows))
}

func revocationRows(res *tokenv1.ListRevocationsResponse) table.Rows {
	t := table.Rows{{"CURSOR", "TIME", "KIND", "REASON", "OF"}}
	for _, r := range res.GetRevocations() {
		t.Add(revocationRow(r)...)
	}
	return t
}

type tailRevocations struct {
	After *int64 `help:"Begin after this cursor; 0 is the beginning of the log." placeholder:"CURSOR"`
	Count int    `help:"Exit after this many entries; 0 never exits." default:"0"`
}

// Run follows the log. The stream only says how far the log reaches; the entries with their reasons are listed, because only an
// operator may read reasons.
func (c tailRevocations) Run(ctx context.Context, s *Session) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	stream, err := tokenv1.NewRevocationServiceClient(remote{s, "token"}).WatchRevocations(ctx, &tokenv1.WatchRevocationsRequest{Cursor: c.After})
	if err != nil {
		return err
	}
	t := tail{Session: s, last: -1, left: c.Count}
	if c.After != nil {
		t.last = *c.After
	}
	return t.follow(ctx, stream)
}

// tail is how far the log was printed: to the entry of cursor last, or not at all at -1.
type tail struct {
	*Session

	last int64
	left int
	done bool
}

func (t *tail) follow(ctx context.Context, stream grpc.ServerStreamingClient[tokenv1.WatchRevocationsResponse]) error {
	for !t.done {
		res, err := stream.Recv()
		switch {
		case ctx.Err() != nil:
			return nil // interrupted
		case errors.Is(err, io.EOF):
			return fmt.Errorf("the token service ended the stream: continue with --after %d", t.last)
		case err != nil:
			return err
		}
		if err := t.upTo(ctx, res); err != nil {
			return err
		}
	}
	return nil
}

// upTo prints the entries after the last one that was printed.
func (t *tail) upTo(ctx context.Context, res *tokenv1.WatchRevocationsResponse) error {
	if res.GetReset_() {
		fmt.Fprintf(t.Err, "The log no longer holds entries from there: continuing with those it holds, up to %d.\n", res.GetCursor())
	}
	if t.last < 0 {
		t.last = res.GetCursor()
	}
	for t.last < res.GetCursor() && !t.done {
		page, err := t.inspection().ListRevocations(ctx, &tokenv1.ListRevocationsRequest{AfterCursor: &t.last, PageSize: maxPage})
		if err != nil {
			return err
		}
		if len(page.GetRevocations()) == 0 {
			t.last = res.GetCursor() // they were deleted by cleanup in the meantime
		}
		if err := t.printAll(page.GetRevocations()); err != nil {
			return err
		}
	}
	return nil
}

func (t *tail) printAll(entries []*tokenv1.LoggedRevocation) error {
	for _, r := range entries {
		if err := t.print(r, table.Rows{revocationRow(r)}); err != nil {
			return err
		}
		t.last = r.GetRevocation().GetCursor()
		if t.left--; t.left == 0 {
			t.done = true
			return nil
		}
	}
	return nil
}

func revocationRow(r *tokenv1.LoggedRevocation) []string {
	e := r.GetRevocation()
	names := joinGiven(e.GetUserId(), e.GetClientId(), e.GetWorkspaceId(), short(e.GetGrantId()), short(e.GetTokenHash()))
	return []string{
		strconv.FormatInt(e.GetCursor(), 10), timestamp(r.GetRevokeTime()), revocationKind(e.GetKind()),
		words(r.GetReason().String(), "REVOCATION_REASON_"), orNone(names),
	}
}

// revocationKind is the name of a kind in the words of docs/glossary.md, where the wire keeps one of release 0.1.
func revocationKind(k tokenv1.RevocationKind) string {
	if k == tokenv1.RevocationKind_REVOCATION_KIND_PAIR {
		return "user-client"
	}
	return words(k.String(), "REVOCATION_KIND_")
}

// words is the name of an enum value in lower case, with blanks.
func words(name, prefix string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, prefix)), "_", " ")
}
