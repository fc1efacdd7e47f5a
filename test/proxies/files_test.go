package proxies

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	authzv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3" // named in the file
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// readYAML reads an example as JSON.
func readYAML(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(examples, name))
	must(t, err)
	var tree map[string]any
	must(t, yaml.Unmarshal(raw, &tree))
	asJSON, err := json.Marshal(tree)
	must(t, err)
	return asJSON
}

// unpack reads a typed part of the configuration and holds it to Envoy's own rules.
func unpack[M interface {
	proto.Message
	ValidateAll() error
}](t *testing.T, from *anypb.Any, to M) M {
	t.Helper()
	must(t, from.UnmarshalTo(to))
	must(t, to.ValidateAll())
	return to
}

func front(t *testing.T, listeners []*listenerv3.Listener) *hcmv3.HttpConnectionManager {
	t.Helper()
	return unpack(t, listeners[0].GetFilterChains()[0].GetFilters()[0].GetTypedConfig(), &hcmv3.HttpConnectionManager{})
}

// TestEnvoysExampleIsOneThatEnvoyReads, by Envoy's own schema and its rules, and it stays closed.
func TestEnvoysExampleIsOneThatEnvoyReads(t *testing.T) {
	bootstrap := &bootstrapv3.Bootstrap{}
	must(t, protojson.Unmarshal(readYAML(t, "envoy/envoy.yaml"), bootstrap))
	must(t, bootstrap.ValidateAll())
	filters := front(t, bootstrap.GetStaticResources().GetListeners()).GetHttpFilters()
	authz := unpack(t, filters[0].GetTypedConfig(), &authzv3.ExtAuthz{})
	if authz.GetFailureModeAllow() || authz.GetStatusOnError().GetCode() != 503 || authz.GetTransportApiVersion().String() != "V3" {
		t.Errorf("when Usher is away: %v", authz)
	}
	for _, c := range bootstrap.GetStaticResources().GetClusters() {
		for _, options := range c.GetTypedExtensionProtocolOptions() {
			unpack(t, options, &httpv3.HttpProtocolOptions{})
		}
		if c.GetName() != authz.GetGrpcService().GetEnvoyGrpc().GetClusterName() {
			continue
		}
		tls := unpack(t, c.GetTransportSocket().GetTypedConfig(), &tlsv3.UpstreamTlsContext{}).GetCommonTlsContext()
		names := tls.GetValidationContext().GetMatchTypedSubjectAltNames()
		if len(names) != 1 || names[0].GetMatcher().GetExact() != "spiffe://example.internal/token" || len(tls.GetTlsCertificates()) != 1 {
			t.Errorf("Envoy asks whoever answers: %v", tls)
		}
		return
	}
	t.Errorf("nobody is asked: %v", authz)
}

// TestTraefiksExampleBelievesNobody but Usher.
func TestTraefiksExampleBelievesNobody(t *testing.T) {
	var file struct {
		HTTP struct {
			Routers     map[string]struct{ Middlewares []string }
			Middlewares map[string]struct {
				ForwardAuth *struct {
					Address             string
					TrustForwardHeader  *bool
					AuthRequestHeaders  []string
					AuthResponseHeaders []string
				}
				Headers struct{ CustomRequestHeaders map[string]string }
			}
			Services map[string]any
		}
	}
	must(t, json.Unmarshal(readYAML(t, "traefik/dynamic.yaml"), &file))
	ask := file.HTTP.Middlewares["usher"].ForwardAuth
	if ask == nil || ask.TrustForwardHeader == nil || *ask.TrustForwardHeader || !strings.HasSuffix(ask.Address, "/forward-auth") {
		t.Fatalf("asks %+v", ask)
	}
	for _, name := range file.HTTP.Routers["api"].Middlewares {
		if _, ok := file.HTTP.Middlewares[name]; !ok {
			t.Errorf("there is no %s", name)
		}
	}
	taken := file.HTTP.Middlewares["strip"].Headers.CustomRequestHeaders
	for _, name := range ask.AuthResponseHeaders {
		for _, spelling := range []string{name, strings.ReplaceAll(name, "-", "_")} {
			if value, ok := taken[spelling]; !ok || value != "" {
				t.Errorf("a client's %s goes on", spelling)
			}
		}
	}
	if value, ok := taken["Connection"]; !ok || value != "" {
		t.Error("a client may list the identity in Connection, to have it left out")
	}
	if len(ask.AuthResponseHeaders) != 5 {
		t.Errorf("an identity has five headers, not %v", ask.AuthResponseHeaders)
	}
}
