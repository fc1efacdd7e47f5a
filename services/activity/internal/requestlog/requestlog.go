// Package requestlog decides which rows of the request log a batch of finished requests becomes.
//
// It owns the kinds that count as equal, the bounds of what is stored of a request, and the most
// kinds that a client has in a day. It never stores: its Store does; and it never learns a
// credential, since the gateway hands over none.
package requestlog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The most rows that a client has in a day. Requests beyond them are counted by endpoint, cause and
// status alone, and beyond MaxRows in one row; so that the causes of an author's own mistakes stay
// visible when a stranger names the client in requests of a thousand kinds.
const (
	MaxKinds = 900
	MaxRows  = 1000
)

// Facts are what a request had, as far as it may be shown. Empty values were not sent.
type Facts struct {
	RedirectURI     string `json:"redirect_uri,omitempty"`
	Scope           string `json:"scope,omitempty"`
	GrantType       string `json:"grant_type,omitempty"`
	AuthMethod      string `json:"auth_method,omitempty"`
	ChallengeMethod string `json:"code_challenge_method,omitempty"`
	ResponseType    string `json:"response_type,omitempty"`
	Resource        string `json:"resource,omitempty"`
	MediaType       string `json:"media_type,omitempty"`
	// Tolerated is a mistake in a granted request that has no consequence. Filter.WithTolerated finds the
	// member's name in the stored text.
	Tolerated string `json:"tolerated,omitempty"`
	// Value is that of Kind.Field, where it is none of the above.
	Value string `json:"value,omitempty"`
}

// Kind is what equal requests have in common.
type Kind struct {
	// Endpoint is the route, which contains no part of the request.
	Endpoint, Method string
	// ClientID is a client that exists; empty if the request named none that does.
	ClientID string
	// Status is the HTTP status of the response, and Error its `error`.
	Status int
	Error  string
	// Cause is the name of the cause in lower case, and Field the parameter that was refused. Both
	// are empty for a request that was granted.
	Cause, Field  string
	Got, Expected Facts
}

// Entry is a number of equal requests.
type Entry struct {
	Kind
	Count       int64
	First, Last time.Time
	// RequestID is that of the last one.
	RequestID string
}

// Row is a row of the log: the equal requests of an hour.
type Row struct {
	Entry
	// Key identifies the kind within the day and the client.
	Key [16]byte
	// Overflow says that the row counts kinds beyond MaxKinds.
	Overflow bool
}

// Day is the day of a time in UTC, counted from 1970.
func Day(t time.Time) int64 { return t.Unix() / secondsOfDay }

const secondsOfDay = 24 * 60 * 60

// Batch is the entries of one client and day.
type Batch struct {
	Day      int64
	ClientID string
	// Keys are those of all rows that may have the entries, each once.
	Keys [][16]byte

	entries []planned
}

// planned is an entry with the rows that may have it, beside the one for the rest: its own, and the one
// for kinds beyond MaxKinds.
type planned struct{ own, overflow Row }

// Kinds are the rows that a client has on a day.
type Kinds struct {
	// Present are the keys of the batch that have a row.
	Present map[[16]byte]bool
	// Least is a number of rows that there are at least, and Count counts them: a client that has the most
	// rows needs no count.
	Least int
	Count func() (int, error)
}

// Store persists rows.
type Store interface {
	// Record stores the rows that plan makes of the batch, in one transaction that holds a lock on
	// the client's day. An error of plan fails it.
	Record(ctx context.Context, b Batch, plan func(k Kinds) ([]Row, error)) error
}

// Log records requests.
type Log struct{ Store Store }

// ErrPartly is a failure after some of the entries were stored: recording them again would count those
// twice.
var ErrPartly = errors.New("only a part of the requests was stored")

// Record stores entries. It returns ErrPartly where a failure leaves some of them stored.
func (l Log) Record(ctx context.Context, entries []Entry) error {
	for n, b := range batches(entries) {
		err := l.Store.Record(ctx, b, func(k Kinds) ([]Row, error) { return rows(b.entries, k) })
		switch {
		case err != nil && n > 0:
			return fmt.Errorf("%w: %w", ErrPartly, err)
		case err != nil:
			return err
		}
	}
	return nil
}

// batches groups entries by client and day, in the order of their first entry.
func batches(entries []Entry) []Batch {
	type key struct {
		day    int64
		client string
	}
	var list []Batch
	at := map[key]int{}
	overflowKeys := map[key]map[Kind][16]byte{} // in a flood many entries have the same
	for _, e := range entries {
		k := key{Day(e.Last), e.ClientID}
		n, ok := at[k]
		if !ok {
			n = len(list)
			at[k], overflowKeys[k] = n, map[Kind][16]byte{}
			list = append(list, Batch{Day: k.day, ClientID: k.client})
		}
		list[n].entries = append(list[n].entries, planned{own: Row{Entry: e, Key: keyOf(e, false)}, overflow: overflow(e, overflowKeys[k])})
	}
	for n := range list {
		list[n].Keys = keysOf(list[n].entries)
	}
	return list
}

func keysOf(entries []planned) [][16]byte {
	keys := [][16]byte{restKey()}
	for _, p := range entries {
		keys = append(keys, p.own.Key, p.overflow.Key)
	}
	slices.SortFunc(keys, func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(keys)
}

// rows returns the rows to add to: each key once.
func rows(entries []planned, k Kinds) ([]Row, error) {
	p := plan{kinds: k, at: map[[16]byte]int{}}
	for _, e := range entries {
		r := e.own
		if !p.fits(r.Key, MaxKinds) {
			r = e.overflow
		}
		if !p.fits(r.Key, MaxRows-1) {
			r = rest(e.own.Entry)
		}
		p.add(r)
	}
	return p.rows, p.err
}

// plan is the rows to add to, while they are decided.
type plan struct {
	kinds   Kinds
	counted bool
	rows    []Row
	// at are the places of the keys in rows, and added is how many of them the client does not have yet.
	at    map[[16]byte]int
	added int
	err   error
}

// fits reports whether a key has a row, or may get one where a client has at most so many.
func (p *plan) fits(key [16]byte, most int) bool {
	if _, ours := p.at[key]; ours || p.kinds.Present[key] {
		return true
	}
	if !p.counted && p.err == nil && p.kinds.Least+p.added < most {
		p.kinds.Least, p.err = p.kinds.Count()
		p.counted = true
	}
	return p.kinds.Least+p.added < most
}

func (p *plan) add(r Row) {
	if n, ok := p.at[r.Key]; ok {
		p.rows[n].Entry = merged(p.rows[n].Entry, r.Entry)
		return
	}
	if !p.kinds.Present[r.Key] {
		p.added++
	}
	p.at[r.Key] = len(p.rows)
	p.rows = append(p.rows, r)
}

// overflow is the row of an entry whose client has too many kinds. keys caches those of one batch, whose
// entries are all of one day.
func overflow(e Entry, keys map[Kind][16]byte) Row {
	e.Got, e.Expected, e.Field = Facts{}, Facts{}, ""
	key, ok := keys[e.Kind]
	if !ok {
		key = keyOf(e, true)
		keys[e.Kind] = key
	}
	return Row{Entry: e, Key: key, Overflow: true}
}

// rest is the last row of a client's day, which counts everything else.
func rest(e Entry) Row {
	e.Kind = Kind{ClientID: e.ClientID}
	return Row{Entry: e, Key: restKey(), Overflow: true}
}

func restKey() [16]byte { return sha16("rest") }

// merged adds two numbers of equal requests.
func merged(a, b Entry) Entry {
	a.Count += b.Count
	if b.First.Before(a.First) {
		a.First = b.First
	}
	if !b.Last.Before(a.Last) {
		a.Last, a.RequestID = b.Last, b.RequestID
	}
	return a
}

// keyOf hashes the kind and the hour.
func keyOf(e Entry, overflow bool) [16]byte {
	hour := e.Last.Unix() / (60 * 60)
	if overflow {
		hour = Day(e.Last)
	}
	text, err := json.Marshal([]any{e.Kind, hour, overflow})
	if err != nil {
		return sha16(fmt.Sprint(e.Kind, hour, overflow)) // strings and numbers can always be encoded
	}
	return sha16(string(text))
}

func sha16(text string) (key [16]byte) {
	sum := sha256.Sum256([]byte(text))
	copy(key[:], sum[:])
	return key
}
