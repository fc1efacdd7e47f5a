package enforce_test

import (
	"testing"

	"github.com/vidocu/usher/sdk/enforce"
)

func allOf(endpoints []enforce.Endpoint) (names []string) {
	for _, e := range endpoints {
		names = append(names, e.Method+" "+e.Path)
	}
	return names
}

func BenchmarkDecide(b *testing.B) {
	rules, err := enforce.Compile(documented(), []enforce.Plan{{Name: "pro", Endpoints: allOf(documented())}})
	if err != nil {
		b.Fatal(err)
	}
	subject := enforce.Subject{Kind: enforce.AccessToken, Scopes: []string{"videos:read", "analyze:write", "export:write"}, Plan: "pro"}
	b.ReportAllocs()
	for b.Loop() {
		if d := rules.Decide(subject, "POST", "/v1/videos/vid_0123456789/export"); d != nil {
			b.Fatal(d)
		}
	}
}

func BenchmarkBearer(b *testing.B) {
	values := []string{"Bearer vdo_oat_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm000000"}
	b.ReportAllocs()
	for b.Loop() {
		if _, sent := enforce.Bearer(values); !sent {
			b.Fatal("not read")
		}
	}
}
