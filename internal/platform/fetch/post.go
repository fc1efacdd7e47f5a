package fetch

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxIgnored is how much of a response's body is read, in bytes: it is not used.
const maxIgnored = 4 << 10

// PostForm posts a form, and returns the status of the response, whatever it is. The rules of addresses,
// connections and time are those of Get; a redirect is not followed. It returns an *Error, or ctx's
// error.
func (f *Fetcher) PostForm(ctx context.Context, address string, form url.Values) (status int, err error) {
	if err := f.CheckURL(address); err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, fail(BadAddress, "the address cannot be read")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "Usher")
	res, err := f.client.Do(req)
	if err != nil {
		return 0, f.failed(ctx, err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxIgnored)) // the status is the response
	return res.StatusCode, nil
}
