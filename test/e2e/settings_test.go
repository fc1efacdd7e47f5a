package e2e

import (
	"strings"
	"testing"
)

// TestFault_C3_CheckConfigRefusesWhatTheStartRefuses, with the setting's name, and parses every
// address as the process would.
func TestFault_C3_CheckConfigRefusesWhatTheStartRefuses(t *testing.T) {
	for _, d := range shared.Shapes {
		if d.Authority() == nil {
			continue // the all-in-one checks its settings at start
		}
		if out, err := d.Try(t.Context(), "identity", nil, "--check-config"); err != nil || !strings.Contains(out, "is fine") {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, row := range []struct{ process, variable, value, names string }{
			{"identity", "USHER_REDIS_ADDRS", "redis://h:6379", "redis.addrs"},
			{"identity", "USHER_REDIS_ADDRS", `"127.0.0.1:6379"`, "redis.addrs"},
			{"identity", "USHER_REDIS_ADDRS", "redis", "redis.addrs"},
			{"identity", "USHER_REDIS_CA_FILE", "/nowhere", "redis.ca_file"},
			{"authz", "USHER_REDIS_SENTINEL_USERNAME", "x", "redis.sentinel_username"},
			{"authz", "USHER_PEERS_IDENTITY", "http://identity:9090", "peers.identity"},
			{"authz", "USHER_PEERS_IDENTITY", "identity", "peers.identity"},
			{"gateway", "USHER_PEERS_TOKEN", "a:1,b", "peers.token"},
			{"gateway", "USHER_GATEWAY_LOGO_FILE", "/nowhere", "logo_file"},
			{"gateway", "USHER_HTTP_ADDR", "http://:8080", "http_addr"},
			{"token", "USHER_GRPC_ADDR", "9090", "grpc_addr"},
			{"token", "USHER_TOKEN_DATABASE_URL", "mysql://h/x", "token.database_url"},
			{"token", "USHER_TOKEN_DATABASE_URL", "postgres://u:p%@h/x", "token.database_url"},
			{"token", "USHER_TOKEN_DATABASE_URL", "postgres://h/x?sslmode=maybe", "token.database_url"},
			{"consent", "USHER_CONSENT_DATABASE_URL", "postgres://h/x?target_session_attrs=standby", "consent.database_url"},
			{"consent", "USHER_TELEMETRY_OTLP_ENDPOINT", "h:4317", "telemetry.otlp_endpoint"},
		} {
			set := map[string]string{row.variable: row.value}
			for _, args := range [][]string{{"--check-config"}, nil} {
				out, err := d.Try(t.Context(), row.process, set, args...)
				if err == nil || !strings.Contains(out, row.names) || strings.Contains(out, "panic") {
					t.Errorf("%s %s with %s=%s: %v\n%s", row.process, args, row.variable, row.value, err, out)
				}
			}
		}
	}
}
