// Package paging splits lists into pages that are requested one after another.
//
// It owns the size limits of a page and the format of the page token. It never reads a list: the
// owner of a list reads one entry more than a page holds, after the one that Page.After names.
package paging

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

const (
	defaultSize = 100
	maxSize     = 1000
)

// Request is a request for a page of a list.
type Request interface {
	GetPageSize() int32
	GetPageToken() string
}

// Page is the part of a list that is requested.
type Page struct {
	Size int
	// After identifies the last entry of the previous page by the values of the list's order; empty
	// values for the first page.
	After []string
}

// Of parses a request for a page of a list that is ordered by so many values. It returns
// INVALID_REQUEST.
func Of(req Request, values int) (Page, error) {
	size, err := Size(req.GetPageSize())
	if err != nil {
		return Page{}, err
	}
	p := Page{Size: size, After: make([]string, values)}
	if req.GetPageToken() == "" {
		return p, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(req.GetPageToken())
	// Empty values would be the first page, and a client that follows the tokens would never reach the last.
	if err != nil || json.Unmarshal(text, &p.After) != nil || len(p.After) != values || p.First() ||
		strings.Contains(strings.Join(p.After, ""), "\x00") {
		return Page{}, InvalidToken()
	}
	return p, nil
}

// First reports whether the page is the first one.
func (p Page) First() bool {
	return !slices.ContainsFunc(p.After, func(value string) bool { return value != "" })
}

// Number returns a value of the page token that is a number, and 0 for the first page. It returns
// INVALID_REQUEST for another value: a damaged token is never the first page.
func (p Page) Number(value int) (int64, error) {
	if p.First() {
		return 0, nil
	}
	n, err := strconv.ParseInt(p.After[value], 10, 64)
	if err != nil {
		return 0, InvalidToken()
	}
	return n, nil
}

// Time is Number for a time in microseconds, which FormatTime formats; the zero time for the first page.
func (p Page) Time(value int) (time.Time, error) {
	n, err := p.Number(value)
	if err != nil || p.First() {
		return time.Time{}, err
	}
	return time.UnixMicro(n), nil
}

// Bytes is Number for bytes, which FormatBytes formats; nil for the first page.
func (p Page) Bytes(value int) ([]byte, error) {
	if p.First() {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(p.After[value])
	if err != nil || len(b) == 0 {
		return nil, InvalidToken()
	}
	return b, nil
}

// FormatNumber returns a number as a value of a page token.
func FormatNumber(n int64) string { return strconv.FormatInt(n, 10) }

// FormatTime returns a time as a value of a page token.
func FormatTime(t time.Time) string { return FormatNumber(t.UnixMicro()) }

// FormatBytes returns bytes as a value of a page token.
func FormatBytes(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// InvalidToken is the INVALID_REQUEST for a page token that no page of the list returned.
func InvalidToken() error { return invalid("page_token", "is not one of this list") }

// OfLargest is Of for a list that release 0.1 returned whole: a request without a size gets a page of the
// largest size.
func OfLargest(req Request, values int) (Page, error) {
	p, err := Of(req, values)
	if err == nil && req.GetPageSize() == 0 {
		p.Size = maxSize
	}
	return p, err
}

// Size validates the page_size of a request; 0 is the default. It returns INVALID_REQUEST.
func Size(sent int32) (int, error) {
	switch size := int(sent); {
	case size < 0 || size > maxSize:
		return 0, invalid("page_size", "must be from 0 to 1,000")
	case size > 0:
		return size, nil
	}
	return defaultSize, nil
}

func invalid(field, fault string) error {
	return oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, fault, oerr.WithField(field))
}

// Cut returns a page of a list that was read with one entry more than the page holds, and the token
// of the next page.
func Cut[T any](list []T, size int, name func(T) []string) ([]T, string) {
	if len(list) <= size {
		return list, ""
	}
	text, err := json.Marshal(name(list[size-1]))
	if err != nil {
		return list[:size], "" // strings can always be encoded
	}
	return list[:size], base64.RawURLEncoding.EncodeToString(text)
}

// maxBytes is the size from which a page gets no more entries: gRPC refuses a response of 4 MiB.
const maxBytes = 1 << 20

// Fit returns how many of the first entries a page of a list of large entries has: at least one, at most
// size, and as many as fit into 1 MiB.
func Fit[M proto.Message](list []M, size int) int {
	bytes := 0
	for n, m := range list {
		if bytes += proto.Size(m); n == size || n > 0 && bytes > maxBytes {
			return n
		}
	}
	return size
}
