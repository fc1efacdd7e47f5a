package doctor

import "strings"

// proxies asks whether the gateway knows who stands in front of it. It speaks no TLS itself, so that behind a public https address
// there is always something.
func (p Patient) proxies() Finding {
	const check = "trusted proxies"
	switch {
	case len(p.TrustedProxies) > 0:
		return Finding{Check: check, State: OK, Text: strings.Join(p.TrustedProxies, ", ")}
	case strings.HasPrefix(p.Settings.PublicURL, "https://"):
		return Finding{
			check, Warning, "gateway.trusted_proxies names nobody: behind a proxy everybody is one source address, and throttled as one",
			"set gateway.trusted_proxies to the networks of what stands before the gateway",
		}
	}
	return Finding{Check: check, State: Skipped, Text: "the public address is not https: nothing stands before the gateway"}
}
