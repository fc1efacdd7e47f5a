package rolling

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
)

// Verdict counts violations, which must be zero.
type Verdict struct {
	mu sync.Mutex
	// StaleAllows counts introspections in which a revoked token is active.
	StaleAllows int
	// FalseDenials counts introspections in which a live token is inactive.
	FalseDenials int
	// DoubleIssues counts codes and refresh tokens that issued tokens more than once.
	DoubleIssues int
	// Unowned counts live tokens that no client received, although the response said that none were
	// issued.
	Unowned int
	// Late counts checks that the SDK allowed from its cache before it had received the revocation,
	// and LateAfter is the longest time after the revocation. They are within its promise.
	Late      int
	LateAfter time.Duration
	// Codes and Rotations count the codes and rotations that were checked for double issues.
	Codes, Rotations int

	details []string
}

func (v *Verdict) count(what *int, detail string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	*what++
	if len(v.details) < maxNotes {
		v.details = append(v.details, detail)
	}
}

func (v *Verdict) late(after time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.Late++
	v.LateAfter = max(v.LateAfter, after)
}

func (v *Verdict) print(out io.Writer) {
	fmt.Fprintf(out, `
| | |
| --- | --- |
| double issues, of %d codes and %d rotations | %d |
| stale allows | %d |
| live tokens that were denied | %d |
| live tokens that their client was told do not exist | %d |
| checks of the SDK from memory before the log had told it, all within its promise | %d, the last %s after the revocation |
`, v.Codes, v.Rotations, v.DoubleIssues, v.StaleAllows, v.FalseDenials, v.Unowned, v.Late, v.LateAfter.Round(time.Millisecond))
}

// issued is what the store holds for one code.
type issued struct {
	live           bool
	refresh        []byte
	access, spends int
}

// audit compares the store with the responses that the clients received.
func (w *world) audit(ctx context.Context) error {
	db, err := sqldb.Open(ctx, sqldb.Config{URL: secret.New(w.fleet.postgres.Databases["token"]), MaxConns: 1})
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // only read from
	stored, err := readIssued(ctx, db)
	if err != nil {
		return err
	}
	w.clientState.mu.Lock()
	defer w.clientState.mu.Unlock()
	for code, f := range w.clientState.codes {
		w.verdict.Codes++
		w.verdict.checkCode(f, stored[code])
	}
	return nil
}

func readIssued(ctx context.Context, db *sqldb.DB) (map[secret.Hash]issued, error) {
	rows, err := db.Query(ctx, `
SELECT f.id, f.revoked_at IS NULL, f.refresh_hash, COALESCE(a.n, 0), COALESCE(s.n, 0) FROM families f
LEFT JOIN (SELECT family_id, count(*) AS n FROM access_tokens GROUP BY 1) a ON a.family_id = f.id
LEFT JOIN (SELECT family_id, count(*) AS n FROM spent_refresh_tokens GROUP BY 1) s ON s.family_id = f.id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	stored := map[secret.Hash]issued{}
	for rows.Next() {
		var id []byte
		var i issued
		if err := rows.Scan(&id, &i.live, &i.refresh, &i.access, &i.spends); err != nil {
			return nil, err
		}
		stored[secret.Hash(id)] = i
	}
	return stored, rows.Err()
}

// checkCode checks one code. Every exchange and every rotation is one access token in the store and
// one at the client, unless the client's last response was lost.
func (v *Verdict) checkCode(f *family, i issued) {
	received, most := len(f.access), len(f.access)
	if f.unsure || f.refused {
		most++ // a response that was lost
	}
	v.Rotations += i.spends
	switch {
	case i.access > most || i.access < received || i.access > 0 && i.access != i.spends+1:
		v.count(&v.DoubleIssues, fmt.Sprintf("%d access tokens and %d rotations are stored, the client received %d", i.access, i.spends, received))
	case f.refused && i.live:
		v.count(&v.Unowned, "a client was refused, and its token family is live")
	case !f.refused && !f.unsure && !f.revoked && !i.live:
		v.count(&v.FalseDenials, "a token family is revoked that no client revoked")
	case received > 0 && !f.unsure && !f.refused && secret.Hash(i.refresh) != secret.Sum(f.refresh):
		v.count(&v.DoubleIssues, "the current refresh token is not the one that the client received last")
	}
}
