package oauth_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
)

var userCode = regexp.MustCompile(`^[BCDFGHJKLMNPQRSTVWXZ]{8}$`)

func TestN9_3_UserCodesUseEachLetterEquallyOften(t *testing.T) {
	const codes = 20_000
	counts := map[rune]int{}
	for range codes {
		code := oauth.NewUserCode()
		if !userCode.MatchString(code) {
			t.Fatalf("%q is no user code", code)
		}
		for _, letter := range code {
			counts[letter]++
		}
	}
	// 8,000 of each letter are expected, with a standard deviation of 87.
	for letter, n := range counts {
		if n < 7_400 || n > 8_600 {
			t.Errorf("%c appears %d times, want about 8,000", letter, n)
		}
	}
	if len(counts) != 20 {
		t.Errorf("%d letters appear, want 20", len(counts))
	}
}

func TestN9_3_AUserCodeIsReadAsItIsTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"WDJB-MJHT": "WDJBMJHT", "wdjbmjht": "WDJBMJHT", " Wdjb mjhT ": "WDJBMJHT", "W-D-J-B-M-J-H-T": "WDJBMJHT",
		"WDJB\u2013MJHT": "WDJBMJHT", "WDJB\u00a0MJHT\n": "WDJBMJHT", "wdjb.mjht": "WDJBMJHT",
		"": "", "WDJB": "", "WDJB-MJH": "", "WDJB-MJHTT": "", "WDJB-MJH7": "", "AEIO-UYAE": "", "WDJB-MJH\u212a": "", "WDJB+MJHT": "",
		"WDJB-MJH\xff": "", "WDJB\x00MJHT": "", strings.Repeat("-", 60) + "WDJBMJHT": "",
	} {
		got, ok := oauth.NormalizeUserCode(typed)
		if got != want || ok != (want != "") {
			t.Errorf("%q is read as %q, %v; want %q", typed, got, ok, want)
		}
	}
	if got := oauth.FormatUserCode("WDJBMJHT"); got != "WDJB-MJHT" {
		t.Errorf("shown as %q", got)
	}
}

// FuzzUserCode checks that each input is a user code or nothing, and that a code is read as it is
// shown.
func FuzzUserCode(f *testing.F) {
	for _, typed := range []string{"WDJB-MJHT", "wdjb mjht", "", "\xff", "AAAA-AAAA", "ＷＤＪＢＭＪＨＴ"} {
		f.Add(typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		code, ok := oauth.NormalizeUserCode(typed)
		if ok != userCode.MatchString(code) || !ok && code != "" {
			t.Fatalf("%q is read as %q, %v", typed, code, ok)
		}
		if !ok {
			return
		}
		if again, ok := oauth.NormalizeUserCode(oauth.FormatUserCode(code)); !ok || again != code {
			t.Errorf("%q is read as %q, and then as %q", typed, code, again)
		}
	})
}
