package device_test

import (
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/device"
)

func TestADeviceKeepsAPartOfTheAddress(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.77": "203.0.113.*", "::ffff:203.0.113.77": "203.0.113.*", "2001:db8:1:2:3:4:5:6": "2001:db8:1:*", "fe80::1": "fe80:0:0:*",
		"": "", "unknown": "", "203.0.113.77:80": "",
	} {
		if got := device.New("", address).Network; got != want {
			t.Errorf("%s is %q, want %q", address, got, want)
		}
	}
}

func TestADeviceKeepsPrintableText(t *testing.T) {
	for header, want := range map[string]string{
		"Mozilla/5.0 (X11)":            "Mozilla/5.0 (X11)",
		" a\x00b\r\nc\u202ed\xff ":     "abcd",
		strings.Repeat("é", 300):       strings.Repeat("é", 128),
		"x" + strings.Repeat("é", 300): "x" + strings.Repeat("é", 127),
	} {
		if got := device.New(header, "").UserAgent; got != want {
			t.Errorf("%.20q is %q, want %q", header, got, want)
		}
	}
}
