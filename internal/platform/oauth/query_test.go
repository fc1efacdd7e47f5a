package oauth_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
)

func TestRFC6749_B_ParametersAreDecoded(t *testing.T) {
	const raw = "client_id=vdo_client_abc123&redirect_uri=https://yourapp.com/callback&scope=videos:read+analyze:write%20jobs%3Aread&state=a%00b%0D%0A&empty=&bare&&=x&st%61te2=%2B%26%3D&utf8=é&eq=a=b&"
	params, err := oauth.ParseQuery(raw)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"client_id": "vdo_client_abc123", "redirect_uri": "https://yourapp.com/callback", "scope": "videos:read analyze:write jobs:read",
		"state": "a\x00b\r\n", "empty": "", "bare": "", "": "x", "state2": "+&=", "utf8": "é", "eq": "a=b",
	} {
		if got, present, repeated := params.Get(name); got != want || !present || repeated {
			t.Errorf("%s is %q, present %v, repeated %v, want %q", name, got, present, repeated, want)
		}
	}
	for _, name := range []string{"Client_ID", "clientId", "nope", "st%61te2"} {
		if got, present, repeated := params.Get(name); got != "" || present || repeated {
			t.Errorf("%s is %q, present %v, repeated %v", name, got, present, repeated)
		}
	}
	for _, empty := range []string{"", "&", "&&"} {
		if params, err := oauth.ParseQuery(empty); err != nil {
			t.Errorf("ParseQuery(%q): %v", empty, err)
		} else if _, present, _ := params.Get(""); present {
			t.Errorf("ParseQuery(%q) has a parameter", empty)
		}
	}
	if _, present, _ := (oauth.Params{}).Get("state"); present {
		t.Error("the zero value has a parameter")
	}
}

func TestRFC6749_3_1_RepeatedParametersAreSeen(t *testing.T) {
	for _, raw := range []string{
		"redirect_uri=a&redirect_uri=b", "redirect_uri=a&redirect_uri=a", "redirect_uri=a&x=1&redirect%5Furi=b",
		"redirect_uri=a&%72edirect_uri", "redirect_uri=a&redirect_uri=", "redirect_uri=a&redirect_uri=b&redirect_uri=c",
	} {
		params, err := oauth.ParseQuery("state=s&" + raw)
		if err != nil {
			t.Fatal(err)
		}
		if got, present, repeated := params.Get("redirect_uri"); got != "a" || !present || !repeated {
			t.Errorf("%s: %q, present %v, repeated %v", raw, got, present, repeated)
		}
		if _, _, repeated := params.Get("state"); repeated {
			t.Errorf("%s: state is said to be repeated", raw)
		}
	}
}

func TestUnreadableParametersFailTheWhole(t *testing.T) {
	for want, raws := range map[error][]string{
		oauth.ErrParamsEscape:    {"%", "a=%", "a=%2", "a=%zz", "%zz=a", "a=1&b=%u0041", "state=100%"},
		oauth.ErrParamsSeparator: {"a=1;b=2", ";", "a=1&b=x;y"},
		oauth.ErrParamsUTF8:      {"a=%ff", "%ff=a", "a=\xff", "a=%C0%80", "a=%ED%A0%80", "a=1&b=%e9"},
		oauth.ErrParamsTooLong:   {strings.Repeat("a", oauth.MaxQueryLength+1), "a=" + strings.Repeat("%41", oauth.MaxQueryLength/3)},
		oauth.ErrParamsTooMany:   {strings.Repeat("a=1&", oauth.MaxParams) + "a=1", strings.Repeat("&", oauth.MaxParams)},
	} {
		for _, raw := range raws {
			for _, input := range []string{raw, raw + "&client_id=x"} {
				params, err := oauth.ParseQuery(input)
				if !errors.Is(err, want) || !errors.Is(err, oauth.ErrParams) {
					t.Errorf("ParseQuery(%.60q): %v, want %v", input, err, want)
				}
				if _, present, _ := params.Get("client_id"); present {
					t.Errorf("ParseQuery(%.60q) gives parameters beside its error", input)
				}
			}
		}
	}
	if _, err := oauth.ParseQuery("a=%3B"); err != nil {
		t.Errorf("an encoded semicolon is refused: %v", err)
	}
}

func TestParametersWithinTheBoundsAreRead(t *testing.T) {
	if _, err := oauth.ParseQuery(strings.Repeat("a", oauth.MaxQueryLength)); err != nil {
		t.Error(err)
	}
	if _, err := oauth.ParseQuery(strings.Repeat("a=1&", oauth.MaxParams-1) + "a=1"); err != nil {
		t.Error(err)
	}
	long := "token=" + strings.Repeat("x", oauth.MaxFormLength-len("token="))
	if _, err := oauth.ParseForm(long); err != nil {
		t.Error(err)
	}
	if _, err := oauth.ParseForm(long + "x"); !errors.Is(err, oauth.ErrParamsTooLong) {
		t.Errorf("a longer form gives %v", err)
	}
	if params, err := oauth.ParseForm("a=1+2&a=3"); err != nil {
		t.Error(err)
	} else if got, _, repeated := params.Get("a"); got != "1 2" || !repeated {
		t.Errorf("the form is read as %q, repeated %v", got, repeated)
	}
}

func FuzzParseQuery(f *testing.F) {
	for _, s := range []string{
		"", "a=1&b=2", "a=%zz", "a;b", "a=1&a=2", "redirect_uri=a&redirect%5Furi=b", "a=%ff", "a=%00", "=&=", "+=+", "%26=%3D", "a=b=c&&",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		params, err := oauth.ParseQuery(raw)
		reference, referenceErr := url.ParseQuery(raw)
		if err != nil {
			if !errors.Is(err, oauth.ErrParams) {
				t.Errorf("%q gives a foreign error: %v", raw, err)
			}
			return
		}
		if referenceErr != nil {
			t.Fatalf("%q passes, the library says %v", raw, referenceErr)
		}
		for name, values := range reference {
			if got, present, repeated := params.Get(name); got != values[0] || !present || repeated != (len(values) > 1) {
				t.Errorf("%q: %q is %q, present %v, repeated %v, the library has %q", raw, name, got, present, repeated, values)
			}
		}
	})
}
