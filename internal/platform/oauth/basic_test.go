package oauth_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

func basic(credentials string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(credentials))
}

func client(id, proof string) oauth.ClientCredentials {
	return oauth.ClientCredentials{ID: id, Secret: secret.New(proof)}
}

func TestRFC6749_2_3_1_BasicIsReadEncodedAndRaw(t *testing.T) {
	for text, want := range map[string][]oauth.ClientCredentials{
		"vdo_client_abc123:vdo_secret_xyz789": {client("vdo_client_abc123", "vdo_secret_xyz789")},
		"id:a%3Ab%25c%2Bd+e%C3%A9":            {client("id", "a:b%c+d eé"), client("id", "a%3Ab%25c%2Bd+e%C3%A9")},
		"id:a:b c":                            {client("id", "a:b c")},
		"id:a+b":                              {client("id", "a b"), client("id", "a+b")},
		"id:100%":                             {client("id", "100%")},
		"i%zz:a%20b":                          {client("i%zz", "a%20b")},
		"id:%FF":                              {client("id", "%FF")},
		"id:é":                                {client("id", "é")},
		"id%3A1:":                             {client("id:1", ""), client("id%3A1", "")},
		"id:":                                 {client("id", "")},
	} {
		got, err := oauth.ParseBasic(basic(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if !cmp.Equal(got.Candidates(), want) {
			t.Errorf("%q is not read as it should be", text)
		}
	}
}

func TestRFC6749_2_3_1_MalformedEncodingLeavesTheRawReading(t *testing.T) {
	got, err := oauth.ParseBasic(basic("id:100%"))
	if err != nil || got.Decoded.ID != "" || !got.Decoded.Secret.IsZero() || got.Raw.ID != "id" || got.Raw.Secret.Reveal() != "100%" {
		t.Errorf("decoded %q, raw %q, %v", got.Decoded.ID, got.Raw.ID, err)
	}
}

func TestRFC7617_2_SchemeIsCaseInsensitive(t *testing.T) {
	encoded := strings.TrimPrefix(basic("id:s"), "Basic ")
	for _, scheme := range []string{"Basic ", "basic ", "BASIC ", "bAsIc   "} {
		if got, err := oauth.ParseBasic(scheme + encoded); err != nil || got.Decoded.ID != "id" || got.Decoded.Secret.Reveal() != "s" {
			t.Errorf("scheme %q: %v", scheme, err)
		}
	}
	for _, header := range []string{"", " ", "Bearer x", "Basics " + encoded, "Basi " + encoded, " Basic " + encoded, encoded, "Basic\t" + encoded} {
		if _, err := oauth.ParseBasic(header); !errors.Is(err, oauth.ErrNotBasic) {
			t.Errorf("header %q gives %v", header, err)
		}
	}
}

func TestRFC7617_2_MalformedCredentials(t *testing.T) {
	for _, header := range []string{
		"Basic", "Basic ", "Basic !", "Basic aWQ6cw", "Basic aWQ6cw= =", "Basic aWQ6cw==x", "Basic aWQ6cx==", "Basic aWQ6\ncw==", "Basic aWQ6cw==\r\n", "Basic aWQ6cw== ",
		basic("no-colon"), basic(""), basic(":"), basic(":secret"), basic("\xff:s"), basic("id:\xff"), "Basic -_-_", basic("id:" + strings.Repeat("x", 64<<10)),
	} {
		got, err := oauth.ParseBasic(header)
		if !errors.Is(err, oauth.ErrBasicMalformed) || got.Raw.ID != "" || got.Decoded.ID != "" {
			t.Errorf("header %.40q gives %v", header, err)
		}
	}
}

func FuzzParseBasic(f *testing.F) {
	for _, s := range []string{"", "Basic", basic("id:s"), basic("id:a%3Ab"), basic("id:100%"), basic("\xff:\xff"), basic(":"), "basic aWQ6\ncw=="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got, err := oauth.ParseBasic(header)
		if err != nil {
			if !errors.Is(err, oauth.ErrNotBasic) && !errors.Is(err, oauth.ErrBasicMalformed) {
				t.Errorf("%q gives a foreign error: %v", header, err)
			}
			return
		}
		candidates := got.Candidates()
		if len(candidates) == 0 || len(candidates) > 2 {
			t.Errorf("%q has %d readings", header, len(candidates))
		}
		for _, c := range candidates {
			if c.ID == "" || !utf8.ValidString(c.ID) || !utf8.ValidString(c.Secret.Reveal()) {
				t.Errorf("%q has an unusable reading", header)
			}
		}
	})
}

// FuzzBasicRoundTrip has every pair of UTF-8 strings survive both ways in which clients send it.
func FuzzBasicRoundTrip(f *testing.F) {
	f.Add("id", "secret")
	f.Add("id:1", "a:b%c+d é")
	f.Fuzz(func(t *testing.T, id, proof string) {
		if id == "" || len(id)+len(proof) > 900 || !utf8.ValidString(id) || !utf8.ValidString(proof) {
			return
		}
		request := http.Request{Header: http.Header{}}
		request.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(proof))
		got, err := oauth.ParseBasic(request.Header.Get("Authorization"))
		if err != nil || !cmp.Equal(got.Candidates()[0], client(id, proof)) {
			t.Errorf("%q and %q do not survive encoding: %v", id, proof, err)
		}
		if strings.Contains(id, ":") {
			return
		}
		request.SetBasicAuth(id, proof)
		if got, err = oauth.ParseBasic(request.Header.Get("Authorization")); err != nil || !cmp.Equal(got.Raw, client(id, proof)) {
			t.Errorf("%q and %q do not survive raw: %v", id, proof, err)
		}
	})
}
