package httpserver

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// observe records in a request's connection that a handler has it, and whether its body was read.
func observe(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ours := r.Context().Value(connKey{}).(*conn)
		if !ours {
			h.ServeHTTP(w, r)
			return
		}
		c.begin()
		if r.Body == nil || r.Body == http.NoBody {
			h.ServeHTTP(w, r)
			return
		}
		body := &watched{ReadCloser: r.Body}
		c.unread.Store(true)
		defer func() { c.unread.Store(!body.whole(r.ContentLength)) }()
		observed := *r // net/http checks the body of the request that it created
		observed.Body = body
		h.ServeHTTP(w, &observed)
	})
}

// watched is a body that counts the bytes read.
type watched struct {
	io.ReadCloser

	read  atomic.Int64
	ended atomic.Bool
}

// Read is io.Reader.
func (b *watched) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Add(int64(n))
	if errors.Is(err, io.EOF) {
		b.ended.Store(true)
	}
	return n, err
}

func (b *watched) whole(length int64) bool { return b.ended.Load() || b.read.Load() == length }
