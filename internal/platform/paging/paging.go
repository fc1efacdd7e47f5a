// Package paging splits lists into pages that are requested one after another.
//
// It owns the size limits of a page and the format of the page token. It never reads a list: the
// owner of a list reads one entry more than a page holds, after the one that Page.After names.
package paging

import (
	"encoding/base64"
	"encoding/json"
	"strings"

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
	if err != nil || json.Unmarshal(text, &p.After) != nil || len(p.After) != values || strings.Contains(strings.Join(p.After, ""), "\x00") {
		return Page{}, invalid("page_token", "is not one of this list")
	}
	return p, nil
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
