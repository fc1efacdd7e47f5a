package proxy

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/internal/platform/telemetry"
	"github.com/vidocu/usher/sdk/enforce"
)

// rewrite builds the request to the upstream. httputil has already removed the headers that the
// client's Connection header lists, so that it cannot remove those set here.
func (c *call) rewrite(pr *httputil.ProxyRequest) {
	in, out := pr.In, pr.Out
	// The path is byte for byte the one that was checked. Only the upstream parses the query.
	out.URL = &url.URL{
		Scheme: c.config.Upstream.Scheme, Host: c.config.Upstream.Host, Path: in.URL.Path, RawPath: in.URL.RawPath,
		RawQuery: in.URL.RawQuery, ForceQuery: in.URL.ForceQuery,
	}
	out.Host = ""
	out.Trailer = nil // trailers would arrive after the headers were filtered
	h := out.Header
	for name := range h {
		if !forwardsRequestHeader(name) {
			delete(h, name)
		}
	}
	telemetry.Outgoing(in.Context(), h)
	c.forwarded(h, in)
	c.authorized.SetIdentityHeaders(h)
	if c.config.ForwardBearer {
		c.authorized.SetCredential(h)
	}
}

// forwarded sets the headers with the client's address: the client, then the peer where that is a
// proxy (RFC 7239 §5.2 has the same order).
func (c *call) forwarded(h http.Header, in *http.Request) {
	client, peer := c.config.Proxies.Source(in), httpx.Peer(in)
	chain := client
	if peer != client {
		chain += ", " + peer
	}
	values := [...]string{chain, client, in.Host, c.config.Scheme}
	for i, name := range [...]string{"X-Forwarded-For", "X-Real-Ip", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values[i] != "" {
			h[name] = values[i : i+1 : i+1]
		}
	}
}

// forwardsRequestHeader reports whether a header of the request is forwarded upstream. It excludes,
// in every spelling, identities and credentials, forwarding headers that the client may have
// forged, and headers that make some servers use another method or path than the one that was
// checked.
func forwardsRequestHeader(name string) bool {
	if strings.IndexByte(name, '_') >= 0 { // CGI-style servers map `_` and `-` to the same variable
		return false
	}
	name = hyphenated(name)
	switch name {
	case "Authorization", "Dpop", "Cookie", "Proxy", "Connection", "Upgrade", "Te",
		"Forwarded", "X-Real-Ip", "X-Client-Ip", "Client-Ip", "True-Client-Ip", "X-Cluster-Client-Ip", "X-Original-Host":
		return false
	}
	return !enforce.Reserved(name) && !enforce.Misleading(name) && !strings.HasPrefix(name, "X-Forwarded-")
}

// hyphenated returns a header's name as a server reads it that takes every other character for a
// hyphen.
func hyphenated(name string) string {
	odd := func(c rune) bool {
		return c != '-' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9')
	}
	if strings.IndexFunc(name, odd) < 0 {
		return name
	}
	return http.CanonicalHeaderKey(strings.Map(func(c rune) rune {
		if odd(c) {
			return '-'
		}
		return c
	}, name))
}
