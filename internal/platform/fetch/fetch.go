package fetch

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/vidocu/usher/internal/platform/authorities"
	"github.com/vidocu/usher/internal/platform/oauth"
)

const (
	// connectTimeout bounds the connection to one address, and timeout the whole request.
	connectTimeout = 2 * time.Second
	timeout        = 3 * time.Second
	// maxHeader bounds the response's headers, in bytes.
	maxHeader = 16 << 10
	// maxURL bounds an address, in bytes.
	maxURL = 512
	// A document is used for its max-age, within these bounds.
	minAge, maxAge = time.Minute, 24 * time.Hour
)

// errForbidden is returned by a connection to an address that is not public.
var errForbidden = errors.New("the host's address is not one of the public internet")

// Options are the settings of a Fetcher.
type Options struct {
	// Loopback permits hosts of this machine, any port of them, and http: for development.
	Loopback bool
	// Ports are the hosts with a port other than 443 that may be requested, such as
	// client.example:8443.
	Ports []string
	// Roots are the trusted certificate authorities; nil for the system's or, if it has none, those
	// of Mozilla that are compiled in.
	Roots *x509.CertPool
	// Resolver resolves names; nil for the system's.
	Resolver *net.Resolver
}

// Fetcher reads documents. Its methods may be called concurrently.
type Fetcher struct {
	client  *http.Client
	options Options
}

// Document is a JSON document as it was read.
type Document struct {
	Body []byte
	// MaxAge is how long it may be used: the response's max-age, at least a minute and at most a
	// day.
	MaxAge time.Duration
	// ETag is the response's validator (RFC 9110 §8.8.3); empty if it has none.
	ETag string
	// Unchanged says that the document is still the one with the ETag of the request: Body is empty.
	Unchanged bool
}

// New returns a Fetcher.
func New(o Options) *Fetcher {
	if o.Roots == nil {
		o.Roots = authorities.Default()
	}
	permitted := newGuard(o.Loopback)
	dialer := &net.Dialer{
		Timeout: connectTimeout, Resolver: o.Resolver,
		// Called with the address of the socket, after the name was resolved.
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			target, err := netip.ParseAddrPort(address)
			if err != nil || !permitted.public(target.Addr()) {
				return errForbidden
			}
			return nil
		},
	}
	return &Fetcher{options: o, client: &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: nil, DialContext: dialer.DialContext, DisableKeepAlives: true, DisableCompression: true,
			MaxResponseHeaderBytes: maxHeader, TLSHandshakeTimeout: connectTimeout,
			TLSClientConfig: &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
		},
	}}
}

// Get reads a document of at most limit bytes. It returns an *Error, or ctx's error.
func (f *Fetcher) Get(ctx context.Context, address string, limit int) (Document, error) {
	return f.Revalidate(ctx, address, limit, "")
}

// Revalidate is Get for a document of which the caller has a copy with that ETag: the document is
// not sent again while it is the same (RFC 9110 §13.1.2).
func (f *Fetcher) Revalidate(ctx context.Context, address string, limit int, etag string) (Document, error) {
	if err := f.CheckURL(address); err != nil {
		return Document{}, err
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(bounded, http.MethodGet, address, nil)
	if err != nil {
		return Document{}, fail(BadAddress, "the address cannot be read")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Usher")
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	res, err := f.client.Do(req)
	if err != nil {
		return Document{}, f.failed(ctx, err)
	}
	defer res.Body.Close()
	if etag != "" && res.StatusCode == http.StatusNotModified {
		return Document{MaxAge: age(res.Header), ETag: etag, Unchanged: true}, nil
	}
	if err := check(res); err != nil {
		return Document{}, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(limit)+1))
	// A server may end its response because this request was given up: the part that it sent until then
	// is not the document.
	err = cmp.Or(err, bounded.Err())
	switch {
	case err != nil:
		return Document{}, f.failed(ctx, err)
	case len(body) > limit:
		return Document{}, fail(TooLarge, "the response has more than %d bytes", limit)
	}
	return Document{Body: body, MaxAge: age(res.Header), ETag: validator(res.Header)}, nil
}

// maxETag bounds a validator that is kept, in bytes.
const maxETag = 128

// validator returns the ETag of a response; empty if it has none that can be sent back.
func validator(header http.Header) string {
	etag := header.Get("ETag")
	if len(etag) > maxETag || !strings.HasSuffix(etag, `"`) {
		return ""
	}
	return etag
}

// CheckURL returns an *Error unless the address is one that is fetched: https with the port 443,
// without user, fragment and dot segments.
func (f *Fetcher) CheckURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case len(address) > maxURL:
		return fail(BadAddress, "the address has more than %d characters", maxURL)
	case err != nil || u.Opaque != "" || u.Hostname() == "":
		return fail(BadAddress, "the address must be an absolute URL with a host")
	case u.User != nil:
		return fail(BadAddress, "the address must not contain a user")
	case u.Fragment != "" || strings.Contains(address, "#"):
		return fail(BadAddress, "the address must not contain a fragment")
	case hasDotSegment(u.EscapedPath()):
		return fail(BadAddress, "the address must not contain the segments . and ..")
	case f.options.Loopback && oauth.IsLoopback(u.Hostname()) && (u.Scheme == "http" || u.Scheme == "https"):
		return nil
	case u.Scheme != "https":
		return fail(BadAddress, "the address must begin with https")
	case u.Port() != "" && u.Port() != "443" && !slices.Contains(f.options.Ports, u.Host):
		return fail(BadAddress, "the port must be 443")
	}
	return nil
}

// hasDotSegment reports whether a path has a segment that means this or the parent folder, also
// where its dots are percent-encoded.
func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		plain := strings.ReplaceAll(strings.ToLower(segment), "%2e", ".")
		if plain == "." || plain == ".." {
			return true
		}
	}
	return false
}

// check returns an *Error unless a response is JSON with status 200.
func check(res *http.Response) error {
	if res.StatusCode != http.StatusOK {
		err := &Error{Kind: BadStatus, Status: res.StatusCode, detail: fmt.Sprintf("the response has status %d, and must have 200", res.StatusCode)}
		if res.StatusCode >= 300 && res.StatusCode < 400 {
			err.detail += ": redirects are not followed"
		}
		return err
	}
	if encoding := res.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return fail(BadType, "the response must not be compressed")
	}
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return fail(BadType, "the response must have the media type application/json")
	}
	return nil
}

// failed converts an error of the request.
func (f *Fetcher) failed(ctx context.Context, err error) error {
	var timed interface{ Timeout() bool }
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errForbidden):
		return fail(Forbidden, "%s", errForbidden)
	case errors.As(err, &timed) && timed.Timeout():
		return fail(TimedOut, "the response was not complete after %s", timeout)
	}
	// The operating system's reason, without the address of the socket.
	return fail(Unreachable, "%s", UnreachableDetail)
}

// age returns how long a response may be used.
func age(header http.Header) time.Duration {
	fresh := minAge
	for directive := range strings.SplitSeq(strings.Join(header.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch name {
		case "no-store", "no-cache":
			return minAge
		case "max-age":
			if seconds, err := strconv.ParseInt(strings.Trim(value, `"`), 10, 32); err == nil {
				fresh = min(max(time.Duration(seconds)*time.Second, minAge), maxAge)
			}
		}
	}
	return fresh
}
