package doctor

import "strings"

// proxies checks that the gateway knows the proxies in front of it. It does not terminate TLS itself, so a public https address
// always has a proxy.
func (t Target) proxies() Finding {
	const check = "trusted proxies"
	switch {
	case len(t.TrustedProxies) > 0:
		return Finding{Check: check, State: OK, Text: strings.Join(t.TrustedProxies, ", ")}
	case strings.HasPrefix(t.Settings.PublicURL, "https://"):
		return Finding{
			check, Warning, "gateway.trusted_proxies is empty: all requests through a proxy count as one source address, and are throttled together",
			"set gateway.trusted_proxies to the networks of the proxies in front of the gateway",
		}
	}
	return Finding{Check: check, State: Skipped, Text: "the public address is not https: there is no proxy in front of the gateway"}
}
