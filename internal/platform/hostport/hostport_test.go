package hostport_test

import (
	"testing"

	"github.com/vidocu/usher/internal/platform/hostport"
)

func TestAnAddressIsHostAndPort(t *testing.T) {
	for addr, valid := range map[string]struct{ connect, listen bool }{
		"redis:6379": {true, true}, "10.0.0.1:1": {true, true}, "[::1]:9090": {true, true}, "a.b.test:65535": {true, true}, "db:https": {true, true},
		":8080": {false, true}, "127.0.0.1:0": {true, true},
		"": {}, "redis": {}, "redis:": {}, "redis:65536": {}, "redis:-1": {}, "::1:9090": {}, "redis://h:6379": {}, "http://h:1": {}, "http://:8080": {},
		`"h:1"`: {}, "h:1/x": {}, "me@h:1": {}, "h :1": {}, "h:1 ": {}, "a:1,b:2": {},
	} {
		if err := hostport.Validate(addr); (err == nil) != valid.connect {
			t.Errorf("to connect to %q: %v", addr, err)
		}
		if err := hostport.ValidateListen(addr); (err == nil) != valid.listen {
			t.Errorf("to listen at %q: %v", addr, err)
		}
	}
	for addrs, valid := range map[string]bool{"a:1": true, "a:1,b:2": true, "a:1, b:2": true, "a:1,": false, "a:1,http://b:2": false} {
		if err := hostport.ValidateList(addrs); (err == nil) != valid {
			t.Errorf("%q: %v", addrs, err)
		}
	}
}
