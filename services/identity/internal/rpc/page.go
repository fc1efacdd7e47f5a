package rpc

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

const (
	defaultPage = 100
	maxPage     = 1000
)

// pageRequest is a request for a page of a list.
type pageRequest interface {
	GetPageSize() int32
	GetPageToken() string
}

// page is which part of a list is asked for.
type page struct {
	size int
	// after names the last one of the page before by so many values as the list is ordered by; empty ones for the first page.
	after []string
}

// toPage reads a request for a page of a list that is ordered by so many values. INVALID_REQUEST.
func toPage(req pageRequest, values int) (page, error) {
	p := page{size: int(req.GetPageSize()), after: make([]string, values)}
	if p.size < 0 || p.size > maxPage {
		return page{}, invalid("page_size", "must be from 0 to 1,000")
	}
	if p.size == 0 {
		p.size = defaultPage
	}
	if req.GetPageToken() == "" {
		return p, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(req.GetPageToken())
	if err != nil || json.Unmarshal(text, &p.after) != nil || len(p.after) != values || strings.Contains(strings.Join(p.after, ""), "\x00") {
		return page{}, invalid("page_token", "is not one of this list")
	}
	return p, nil
}

// cut takes a page off a list that was read with one more than the page holds, and answers the token of the next one.
func cut[T any](list []T, size int, name func(T) []string) ([]T, string) {
	if len(list) <= size {
		return list, ""
	}
	text, err := json.Marshal(name(list[size-1]))
	if err != nil {
		return list[:size], "" // strings can always be encoded
	}
	return list[:size], base64.RawURLEncoding.EncodeToString(text)
}
