package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/services/activity/internal/requestlog"
)

// Record is requestlog.Store.
func (s *Store) Record(ctx context.Context, b requestlog.Batch, plan func(k requestlog.Kinds) ([]requestlog.Row, error)) error {
	if err := s.makeRoom(ctx, s.requestsTable(), b.Day); err != nil {
		return fmt.Errorf("recording requests: %w", err)
	}
	err := s.db.InTx(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, s.text.lockDay, b.Day, b.ClientID); err != nil {
			return err
		}
		kinds, err := s.readKinds(ctx, tx, b)
		if err != nil {
			return err
		}
		rows, err := plan(kinds)
		if err != nil {
			return err
		}
		for _, r := range rows {
			args, err := columns(b.Day, r)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, s.text.addRequests, args...); err != nil {
				return err
			}
		}
		return nil
	})
	return sqldb.Wrap("recording requests", err)
}

// readKinds reads the rows of the batch's keys alone. To count all rows of the client costs PostgreSQL as
// much as to read them: a plan counts them only where the cached number does not decide.
func (s *Store) readKinds(ctx context.Context, tx *sqldb.Tx, b requestlog.Batch) (requestlog.Kinds, error) {
	of := clientDay{b.Day, b.ClientID}
	k := requestlog.Kinds{Present: map[[16]byte]bool{}, Least: s.leastRows(of), Count: func() (count int, err error) {
		if err = tx.QueryRow(ctx, s.text.countKinds, b.Day, b.ClientID).Scan(&count); err == nil {
			s.noteRows(of, count)
		}
		return count, err
	}}
	read := sqldb.Read("reading the kinds of a day", s.text.kinds, b.Day, b.ClientID, s.keys(b.Keys))
	err := sqldb.Each(ctx, tx, read, func(row sqldb.Row) error {
		var kind []byte
		if err := row.Scan(&kind); err != nil {
			return err
		}
		k.Present[[16]byte(kind)] = true
		return nil
	})
	return k, err
}

// keys returns the parameter for some keys.
func (s *Store) keys(keys [][16]byte) any {
	list, texts := make([][]byte, len(keys)), make([]string, len(keys))
	for i, key := range keys {
		list[i] = key[:]
		texts[i] = hex.EncodeToString(key[:])
	}
	if s.db.Engine() == sqldb.SQLite {
		return s.db.Texts(texts)
	}
	return list
}

// clientDay is a day of a client.
type clientDay struct {
	day      int64
	clientID string
}

// maxCounts bounds the cache of numbers of rows.
const maxCounts = 10_000

// leastRows returns a number of rows that a client has at least. The rows of a day are deleted
// together, long after the last batch.
func (s *Store) leastRows(of clientDay) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[of]
}

func (s *Store) noteRows(of clientDay, count int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.counts) >= maxCounts {
		clear(s.counts)
	}
	s.counts[of] = count
}

func columns(day int64, r requestlog.Row) ([]any, error) {
	got, err := json.Marshal(r.Got)
	if err != nil {
		return nil, err
	}
	expected, err := json.Marshal(r.Expected)
	if err != nil {
		return nil, err
	}
	overflow := int64(0)
	if r.Overflow {
		overflow = 1
	}
	return []any{
		day, r.ClientID, r.Key[:], r.Endpoint, r.Method, int64(r.Status), r.Error, r.Cause, r.Field, string(got), string(expected), overflow,
		r.Count, r.First.UnixMicro(), r.Last.UnixMicro(), r.RequestID,
	}, nil
}

// refused is the condition of a row of requests that were refused.
const refused = `status >= 300 AND (cause <> '' OR error <> '' OR status >= 400)`

// Requests is requestlog.Reader.
func (s *Store) Requests(ctx context.Context, f requestlog.Filter) ([]requestlog.Row, error) {
	q := query{text: `
SELECT client_id, kind, endpoint, method, status, error, cause, field, got, expected, overflow, amount, first_at, last_at, request_id
FROM requests WHERE TRUE`}
	q.and(f.ClientID != "", "client_id = ", f.ClientID)
	q.and(f.Endpoint != "", "endpoint = ", f.Endpoint)
	q.and(f.Cause != "", "cause = ", f.Cause)
	q.and(f.RequestID != "", "request_id = ", f.RequestID)
	q.and(!f.Since.IsZero(), "day >= ", requestlog.Day(f.Since))
	switch {
	case f.RefusedOnly && f.WithTolerated: // quotation marks within a value are escaped
		q.text += ` AND (` + refused + ` OR got LIKE '%"tolerated":%')`
	case f.RefusedOnly:
		q.text += ` AND ` + refused
	case f.GrantedOnly: // the row that counts the rest of a day has no status
		q.text += ` AND status > 0 AND NOT (` + refused + `)`
	}
	if f.After.Client != nil {
		q.text += fmt.Sprintf(` AND (last_at, client_id, kind) < (%s, %s, %s)`, q.arg(f.After.LastAt), q.arg(*f.After.Client), q.arg(f.After.Kind))
	}
	q.text += ` ORDER BY last_at DESC, client_id DESC, kind DESC LIMIT ` + q.arg(f.Limit)
	return sqldb.List(ctx, s.db, sqldb.Read("listing requests", q.text, q.args...), scanRequest)
}

func scanRequest(row sqldb.Row, r *requestlog.Row) error {
	var kind []byte
	var got, expected string
	var status, overflow, first, last int64
	err := row.Scan(&r.ClientID, &kind, &r.Endpoint, &r.Method, &status, &r.Error, &r.Cause, &r.Field, &got, &expected, &overflow,
		&r.Count, &first, &last, &r.RequestID)
	if err != nil {
		return err
	}
	r.Key, r.Status, r.Overflow = [16]byte(kind), int(status), overflow != 0
	r.First, r.Last = fromMicros(first), fromMicros(last)
	if err := json.Unmarshal([]byte(got), &r.Got); err != nil {
		return err
	}
	return json.Unmarshal([]byte(expected), &r.Expected)
}

// query is a statement with conditions that depend on a filter.
type query struct {
	text string
	args []any
}

func (q *query) arg(value any) string {
	q.args = append(q.args, value)
	return "$" + strconv.Itoa(len(q.args))
}

// and adds a condition if it is wanted.
func (q *query) and(wanted bool, condition string, value any) {
	if wanted {
		q.text += " AND " + condition + q.arg(value)
	}
}

// anyOf adds that a column has one of some values, where a value with a period at its end stands for
// all that begin with it.
func (q *query) anyOf(column string, values []string) {
	if len(values) == 0 {
		return
	}
	parts := make([]string, len(values))
	for i, v := range values {
		if prefix, ok := strings.CutSuffix(v, "."); ok {
			// The character after the period is the slash.
			parts[i] = fmt.Sprintf("(%[1]s >= %[2]s AND %[1]s < %[3]s)", column, q.arg(v), q.arg(prefix+"/"))
			continue
		}
		parts[i] = column + " = " + q.arg(v)
	}
	q.text += " AND (" + strings.Join(parts, " OR ") + ")"
}
