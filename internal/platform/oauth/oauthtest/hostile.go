package oauthtest

import "strings"

// The redirect URIs that the hostile ones imitate.
const (
	victimWeb     = "https://app.test/callback"
	victimQuery   = "https://app.test/callback?tenant=a%20b"
	victimIPv4    = "http://127.0.0.1/callback"
	victimIPv6    = "http://[::1]/callback"
	victimName    = "http://localhost/callback"
	victimOwn     = "com.example.app:/callback"
	victimAllowed = "cursor://anysphere.cursor-mcp/oauth/callback"
)

// Victims are redirect URIs of one client, each of which can be registered where the scheme cursor
// is allowed.
func Victims() []string {
	return []string{victimWeb, victimQuery, victimIPv4, victimIPv6, victimName, victimOwn, victimAllowed}
}

// HostileRedirectURIs are addresses of attackers that resemble one of Victims to a comparison by
// prefix, by normalization or by another parser. None of them is one of Victims, for any client.
func HostileRedirectURIs() []string {
	list := append(otherHosts(), otherPaths()...)
	list = append(list, otherSchemes()...)
	list = append(list, loopbackSpellings()...)
	return append(list, UnregistrableRedirectURIs()...)
}

// otherHosts lead to another host than the victim's: CVE-2026-18211 (a longer name) and
// CVE-2026-7504 (two @) are of these kinds.
func otherHosts() []string {
	return []string{
		"https://evil.test/callback", "https://app.test.evil.test/callback", "https://evil.test/app.test/callback",
		"https://app.test-evil.test/callback", "https://app.tes/callback", "https://pp.test/callback", "https://www.app.test/callback",
		"https://app.test./callback", "https://app.test:443/callback", "https://app.test:8443/callback", "https://APP.test/callback",
		"https://xn--pp-6kc.test/callback", "https://app-test/callback", "https://apptest/callback", "https://app.test.test/callback",
		"https://evil.test?https://app.test/callback", "https://evil.test/?u=https://app.test/callback", "https://localhost/callback",
		"https://127.0.0.1/callback", "https://[::1]/callback", "https://evil.test/callback?tenant=a%20b", "https://10.0.0.1/callback",
		"http://localhost.evil.test/callback", "http://127.0.0.1.evil.test/callback", "http://localhostevil.test/callback",
		"http://evil.test/callback", "http://app.test/callback", "http://localhost.:80/callback", "http://evil-localhost/callback",
		"cursor://evil.cursor-mcp/oauth/callback", "cursor://anysphere.cursor-mcp.evil/oauth/callback", "com.example.app://evil.test/callback",
	}
}

// otherPaths lead to another path or query of the victim's host.
func otherPaths() []string {
	list := []string{
		"https://app.test", "https://app.test/", "https://app.test/callback/", "https://app.test/callbac", "https://app.test/callbackX",
		"https://app.test/CALLBACK", "https://app.test//callback", "https://app.test/./callback", "https://app.test/callback/.",
		"https://app.test/%63allback", "https://app.test/callback;x", "https://app.test/callback;/x", "https://app.test/callback/x",
		"https://app.test/callback?", "https://app.test/callback?x=1", "https://app.test/callback?tenant=a+b",
		"https://app.test/callback?tenant=a%20b&", "https://app.test/callback?tenant=a%20b&next=https://evil.test",
		"https://app.test/callback?tenant=A%20b", "https://app.test/callback?tenant=a%20b%20", "https://app.test/callback?&tenant=a%20b",
		"https://app.test/callback?tenant=b&tenant=a%20b", "https://app.test/open?to=https://evil.test", "https://app.test/callback%2f",
		"http://127.0.0.1:8080/", "http://127.0.0.1:8080/callback/", "http://127.0.0.1:8080/Callback", "http://127.0.0.1:8080/callback?x",
		"http://localhost:8080/evil", "http://[::1]:8080/evil", "http://localhost:8080//callback", "http://localhost:8080/callback;x",
		"com.example.app:/", "com.example.app:/callback/", "com.example.app:/callback?x=1", "com.example.app://callback", "com.example.app:///callback",
		"cursor://anysphere.cursor-mcp/", "cursor://anysphere.cursor-mcp/oauth", "cursor://anysphere.cursor-mcp/oauth/callback/",
		"cursor://anysphere.cursor-mcp/oauth/callback?x", "cursor:/anysphere.cursor-mcp/oauth/callback",
	}
	return list
}

// otherSchemes have a scheme that can be registered, and is not the victim's.
func otherSchemes() []string {
	return []string{
		"com.example.app.evil:/callback", "com.example.ap:/callback", "org.example.app:/callback", "com.example-app.x:/callback",
		"https://cursor/oauth/callback", "vscode.evil://anysphere.cursor-mcp/oauth/callback",
	}
}

// loopbackSpellings are other names of the loopback interface, and ports that are none.
func loopbackSpellings() (list []string) {
	for _, host := range []string{
		"127.1", "127.0.1", "0x7f.0.0.1", "0177.0.0.1", "2130706433", "127.0.0.2", "127.000.000.001", "0.0.0.0", "0", "[::]", "[::ffff:127.0.0.1]",
		"[0:0:0:0:0:0:0:1]", "[0::1]", "[::1%25lo]", "LOCALHOST", "Localhost", "localhost.", "localhost.localdomain", "local-host", "ip6-localhost",
	} {
		list = append(list, "http://"+host+"/callback", "http://"+host+":8080/callback")
	}
	for _, port := range []string{":", ":0", ":08080", ":65536", ":+80", ":-1", ":8_0", ":80x", ":8080:80", ":99999999999999999999", ":%38%30"} {
		list = append(list, "http://localhost"+port+"/callback", "http://127.0.0.1"+port+"/callback")
	}
	return list
}

// UnregistrableRedirectURIs are addresses that no client may register.
func UnregistrableRedirectURIs() (list []string) {
	for _, before := range []string{
		"@", "user@", "user:password@", "app.test@", "a@b@", "app.test:443@", "localhost:80@", "127.0.0.1@", "%40@", "https%3A%2F%2Fapp.test@",
	} {
		list = append(list, "https://"+before+"evil.test/callback", "https://"+before+"app.test/callback")
	}
	list = append(list, "http://localhost:80@evil.test/callback", "http://127.0.0.1:8080@evil.test/callback", "http://[::1]@evil.test/callback",
		"http://u@localhost/callback", "com.example.app://u@h/callback", "cursor://u@anysphere.cursor-mcp/oauth/callback")
	for _, scheme := range []string{
		"javascript", "JavaScript", "JAVASCRIPT", "jAvAsCrIpT", "vbscript", "VBScript", "data", "Data", "file", "FILE", "blob", "about", "filesystem",
		"view-source", "jar", "intent", "ftp", "ws", "wss", "mailto", "tel", "sms", "ldap", "urn", "chrome", "myapp", "x", "a+b.c", "Com.Example.App",
	} {
		list = append(list, scheme+"://app.test/callback", scheme+":alert(1)")
	}
	list = append(list, "javascript:alert(1)//https://app.test/callback", "data:text/html,<script>alert(1)</script>", "java\tscript:alert(1)",
		" javascript:alert(1)", "javascript\x00:alert(1)", "HTTPS://app.test/callback", "Https://app.test/callback", "HTTP://localhost/callback")
	for _, climb := range []string{
		"/../x", "/..;/x", "/x/..;a=b/callback", "/%2e%2e/x", "/%2E%2e/x", "/.%2e/x", "/..%2fx", "/..%5cx", "/%2e%2e%3b/x", "/..", "/x/..",
	} {
		list = append(list, victimWeb+climb, "http://localhost"+climb)
	}
	for _, after := range []string{
		"#", "#f", "#@evil.test", "\x00", "%00", "\r\nLocation: https://evil.test", "%0d%0aLocation:%20https://evil.test", "\n", "\t", "%09", "\x7f", "%7f",
		" ", "\u2028", "é", "\\..", "\\@evil.test", "%", "%zz", "%ff", "*", "/*", "{id}", "<x>", "\"", "^", "`", "|", "?code=x", "?state=x", "?iss=x", "?a;b",
	} {
		list = append(list, victimWeb+after)
	}
	return append(list,
		"https://*.app.test/callback", "https://app.*/callback", "*", "https://*", "https://app.test\\@evil.test/callback", "https:\\\\app.test\\callback",
		"https://аpp.test/callback", "https://app。test/callback", "https://app.test\uff0fevil.test/callback", "http://127。0。0。1/callback", "https://ⓐpp.test/",
		"https://a_b.test/callback", "https://app..test/callback", "https://.test/callback", "https:///callback", "https://", "https:", "https", "//app.test/callback",
		"///app.test/callback", "/callback", "callback", "?", ".", "https:app.test/callback", "https:/app.test/callback", "http://app.test/", "http://localhost.evil.test/",
		"https://[fe80::1%25eth0]/callback", "https://[::1/callback", "https://[1.2.3.4]/callback", "https://app.test:x/callback", "com.example.app:callback",
		"https://app.test/"+strings.Repeat("x", 2048),
	)
}
