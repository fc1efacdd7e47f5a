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

// rewrite makes the request that goes upstream. What the sender's Connection header lists is gone from Out by now, so that
// nothing set here can be listed away.
func (c *call) rewrite(pr *httputil.ProxyRequest) {
	in, out := pr.In, pr.Out
	// Byte for byte what was judged, and the query as it came: the upstream alone reads it.
	out.URL = &url.URL{
		Scheme: c.config.Upstream.Scheme, Host: c.config.Upstream.Host, Path: in.URL.Path, RawPath: in.URL.RawPath,
		RawQuery: in.URL.RawQuery, ForceQuery: in.URL.ForceQuery,
	}
	out.Host = ""
	out.Trailer = nil // would arrive after the headers were judged
	h := out.Header
	for name := range h {
		if !travels(name) {
			delete(h, name)
		}
	}
	telemetry.Outgoing(in.Context(), h)
	c.forwarded(h, in)
	c.pass.Identify(h)
	if c.config.ForwardBearer {
		h["Authorization"] = []string{"Bearer " + c.pass.Bearer}
	}
}

// forwarded says where the request came from: the client as this process found it, then the proxy that brought it, if one did
// (RFC 7239 §5.2 has the same order).
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

// travels reports whether a header goes upstream. What does not: identities and credentials, the sender's word for where the
// request came from, and what makes some servers read another method or path than was judged; each in every spelling.
func travels(name string) bool {
	if strings.IndexByte(name, '_') >= 0 { // another name's double to whatever turns names into variables
		return false
	}
	name = hyphenated(name)
	switch name {
	case "Authorization", "Cookie", "Proxy", "Connection", "Upgrade", "Te",
		"Forwarded", "X-Real-Ip", "X-Client-Ip", "Client-Ip", "True-Client-Ip", "X-Cluster-Client-Ip", "X-Original-Host":
		return false
	}
	return !enforce.Reserved(name) && !enforce.Misleading(name) && !strings.HasPrefix(name, "X-Forwarded-")
}

// hyphenated is a header's name as a server reads it that takes every sign for a hyphen.
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
