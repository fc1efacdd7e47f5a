package proxy

import (
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"github.com/vidocu/usher/gateway/internal/guard"
	"github.com/vidocu/usher/internal/platform/telemetry"
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

// forwarded says where the request came from, as this process saw it.
func (c *call) forwarded(h http.Header, in *http.Request) {
	values := [...]string{"", in.Host, c.config.Scheme}
	if host, _, err := net.SplitHostPort(in.RemoteAddr); err == nil {
		values[0] = host
	}
	for i, name := range [...]string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values[i] != "" {
			h[name] = values[i : i+1 : i+1]
		}
	}
}

// travels reports whether a header goes upstream. What does not: identities and credentials, the sender's word for where the
// request came from, and what makes some servers read another method or path than was judged.
func travels(name string) bool {
	switch name {
	case "Authorization", "Cookie", "Proxy", "Connection", "Upgrade", "Te",
		"Forwarded", "X-Real-Ip", "X-Client-Ip", "Client-Ip", "True-Client-Ip", "X-Cluster-Client-Ip",
		"X-Http-Method-Override", "X-Http-Method", "X-Method-Override",
		"X-Original-Url", "X-Original-Uri", "X-Original-Method", "X-Original-Host", "X-Rewrite-Url":
		return false
	}
	// A name with an underscore is another name's double to whatever turns names into variables.
	return !guard.Ours(name) && !strings.HasPrefix(name, "X-Forwarded-") && strings.IndexByte(name, '_') < 0
}
