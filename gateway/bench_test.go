package gateway_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/vidocu/usher/gateway"
	usher "github.com/vidocu/usher/sdk"
)

// warm is a checker that returns a token at once, as the SDK's cache does after a hit.
type warm struct{ token *usher.Token }

func (w warm) CheckRequest(context.Context, usher.Request) (*usher.Token, error) {
	return w.token, nil
}

// BenchmarkV1 compares the gateway with a bare reverse proxy to the same upstream, over TCP
// connections.
func BenchmarkV1(b *testing.B) {
	response := make([]byte, 1024)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(response)
	}))
	defer api.Close()
	target, err := url.Parse(api.URL)
	if err != nil {
		b.Fatal(err)
	}
	p := newBrowserWith(b, gateway.DefaultConfig(), func(d *gateway.Deps) {
		d.UpstreamURL, d.Checker = api.URL, warm{tokenFor(twoScopes)}
	})
	bare := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: &http.Transport{MaxIdleConnsPerHost: 256, DialContext: (&net.Dialer{}).DialContext},
	}
	for _, way := range []struct {
		name    string
		handler http.Handler
	}{{"bare", bare}, {"gateway", p.handler}} {
		b.Run(way.name, func(b *testing.B) { load(b, way.handler) })
	}
}

func load(b *testing.B, handler http.Handler) {
	b.Helper()
	public := httptest.NewServer(handler)
	defer public.Close()
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, err := http.NewRequest(http.MethodGet, public.URL+"/v1/videos", nil)
			if err != nil {
				b.Error(err)
				return
			}
			r.Header.Set("Authorization", "Bearer "+twoScopes)
			res, err := client.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				b.Errorf("it responds %d", res.StatusCode)
			}
		}
	})
}
