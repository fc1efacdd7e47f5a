package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// Revocations is `usher revocations`.
type Revocations struct {
	List listRevocations `cmd:"" help:"List the newest entries of the log, or those behind a place in it; it holds a week."`
	Tail tailRevocations `cmd:"" help:"Print what ends as it ends, until interrupted; --after begins further back."`
}

type listRevocations struct {
	After *int64 `help:"Begin behind this place in the log; 0 is its beginning." placeholder:"CURSOR"`
	Limit int32  `help:"At most so many, 1 to 1000." default:"100"`
}

// Validate is kong's.
func (c listRevocations) Validate() error {
	if c.Limit < 1 || c.Limit > maxPage {
		return errors.New("--limit must be from 1 to 1000; --after goes on from where a list ended")
	}
	return nil
}

// Run lists entries.
func (c listRevocations) Run(ctx context.Context, s *Session) error {
	client, err := s.oversight()
	if err != nil {
		return err
	}
	res, err := client.ListRevocations(ctx, &tokenv1.ListRevocationsRequest{AfterCursor: c.After, PageSize: c.Limit})
	if err != nil {
		return err
	}
	t := table{{"CURSOR", "AT", "WHAT", "WHY", "WHOSE"}}
	for _, r := range res.GetRevocations() {
		t.add(revocationRow(r)...)
	}
	return s.print(res, t)
}

type tailRevocations struct {
	After *int64 `help:"Begin behind this place in the log; 0 is its beginning." placeholder:"CURSOR"`
	Count int    `help:"Leave after so many; 0 goes on." default:"0"`
}

// Run follows the log. The stream says that there is more; what it is, with its reason, only an operator is told, who asks.
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
	t := tail{Session: s, last: -1, left: c.Count}
	if c.After != nil {
		t.last = *c.After
	}
	for !t.done {
		res, err := stream.Recv()
		switch {
		case ctx.Err() != nil:
			return nil // interrupted
		case errors.Is(err, io.EOF):
			return fmt.Errorf("the token service stopped: go on with --after %d", t.last)
		case err != nil:
			return err
		}
		if err := t.upTo(ctx, res); err != nil {
			return err
		}
	}
	return nil
}

// tail is how far the log was printed: nowhere at -1.
type tail struct {
	*Session
	last int64
	left int
	done bool
}

// upTo prints what is behind the last entry that was printed.
func (t *tail) upTo(ctx context.Context, res *tokenv1.WatchRevocationsResponse) error {
	if res.GetReset_() {
		fmt.Fprintf(t.Err, "The log does not reach back so far: going on with what there is up to %d.\n", res.GetCursor())
	}
	if t.last < 0 {
		t.last = res.GetCursor()
	}
	client, err := t.oversight()
	if err != nil {
		return err
	}
	for t.last < res.GetCursor() && !t.done {
		page, err := client.ListRevocations(ctx, &tokenv1.ListRevocationsRequest{AfterCursor: &t.last, PageSize: maxPage})
		if err != nil {
			return err
		}
		if len(page.GetRevocations()) == 0 {
			t.last = res.GetCursor() // they were trimmed meanwhile
		}
		if err := t.printAll(page.GetRevocations()); err != nil {
			return err
		}
	}
	return nil
}

func (t *tail) printAll(entries []*tokenv1.LoggedRevocation) error {
	for _, r := range entries {
		if err := t.print(r, table{revocationRow(r)}); err != nil {
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
	var names []string
	for _, name := range []string{e.GetUserId(), e.GetClientId(), e.GetWorkspaceId(), short(e.GetGrantId()), short(e.GetTokenHash())} {
		if name != "" {
			names = append(names, name)
		}
	}
	return []string{
		strconv.FormatInt(e.GetCursor(), 10), when(r.GetRevokeTime()), words(e.GetKind().String(), "REVOCATION_KIND_"),
		words(r.GetReason().String(), "REVOCATION_REASON_"), orNone(strings.Join(names, " ")),
	}
}

// words is a value of an enumeration as people write it.
func words(name, prefix string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, prefix)), "_", " ")
}
