package arch

import "slices"

// sqlDrivers are the clients of SQL servers, and the packages on top of them.
var sqlDrivers = []string{"github.com/jackc/pgx/...", "modernc.org/sqlite/...", "github.com/pressly/goose/..."}

// redisClient is the client of Redis.
const redisClient = "github.com/redis/go-redis/..."

// tracer is OpenTelemetry.
const tracer = "go.opentelemetry.io/..."

// testOnly are the packages that exist for tests.
var testOnly = []string{
	"./test/...", "./internal/arch/...", "./services/*/internal/*test/...", "./services/*/internal/*/*test/...",
	"./internal/platform/*test/...", "./internal/platform/*/*test/...", "./gateway/internal/*test/...", "./sdk/*test/...",
}

// Rules are the import rules of this repository.
func Rules() []Rule {
	return slices.Concat(layerRules(), serviceRules(), callRules(), edgeRules())
}

// layerRules keep the lower layers low.
func layerRules() []Rule {
	return []Rule{
		{
			Name:     "generated messages stand alone",
			Packages: []string{"./gen/usher/..."},
			Only: []string{
				"std", "./gen/usher/...", "google.golang.org/protobuf/...", "google.golang.org/grpc/...",
				"google.golang.org/genproto/googleapis/...",
			},
			Reason: "others import the contract without our dependencies, and without the gateway's runtime",
		},
		{
			Name:     "generated gateway code needs the contract and its runtime",
			Packages: []string{"./gen/gw/..."},
			Only: []string{
				"std", "./gen/usher/...", "google.golang.org/protobuf/...", "google.golang.org/grpc/...",
				"github.com/grpc-ecosystem/grpc-gateway/v2/...",
			},
			Reason: "generated code knows nothing of the program that uses it",
		},
		{
			Name:      "oauth and secret are grammar and types",
			Packages:  []string{"./internal/platform/oauth/...", "./internal/platform/secret/..."},
			Only:      []string{"std", "./internal/platform/oauth/...", "./internal/platform/secret/..."},
			NeverDeep: []string{"database/sql", "net/http", "other"},
			Reason:    "domain packages build on them, so whatever they import every domain package imports",
		},
		{
			Name:     "the shared library knows no service",
			Packages: []string{"./internal/platform/..."},
			Except:   []string{"./internal/platform/convert", "./internal/platform/workspaceadmin"},
			Only:     []string{"std", "other", "./internal/platform/...", "./gen/usher/error/v1", "./gen/usher/event/v1", "./gen/usher/rpc/v1", "./sdk/enforce/..."},
			Reason: "code about a service belongs to that service; of the contract it needs reasons, callers and events only, and of the SDK " +
				"the one path matcher, for which the catalog is compiled",
		},
		{
			Name:     "convert converts what two services share",
			Packages: []string{"./internal/platform/convert"},
			Only: []string{
				"std", "./internal/platform/oauth", "./gen/usher/authz/v1", "./gen/usher/token/v1", "google.golang.org/protobuf/types/known/timestamppb",
			},
			Reason: "one service sends such a message and another receives it: one package converts it in both directions, and does nothing else",
		},
		{
			Name:     "SQL drivers stay in sqldb",
			Packages: []string{"./..."},
			Except:   []string{"./internal/platform/sqldb/...", "./test/..."},
			Never:    append([]string{"database/sql", "database/sql/driver"}, sqlDrivers...),
			Reason:   "one package handles engines, pools and their errors, so that a store cannot miss one of them",
		},
		{
			Name:     "the Redis client stays in shortlived",
			Packages: []string{"./..."},
			Except:   []string{"./internal/platform/shortlived/...", "./test/..."},
			Never:    []string{redisClient},
			Reason:   "short-lived data has one contract with two implementations; a caller of Redis would bind itself to one",
		},
		{
			Name:     "OpenTelemetry stays at the edges of the shared library",
			Packages: []string{"./..."},
			Except: []string{
				"./internal/platform/telemetry/...", "./internal/platform/sqldb/...", "./internal/platform/shortlived/...",
				"./internal/platform/rpcserver/...", "./internal/platform/rpcclient/...", "./test/...",
			},
			Never:  []string{tracer, "github.com/exaring/otelpgx/..."},
			Reason: "a trace is made where a call, a statement or a command passes anyway; a rule that made spans could not be read without them",
		},
		{
			Name:     "production never imports test support",
			Packages: []string{"./..."},
			Except:   testOnly,
			Never:    append([]string{"testing", "testing/...", "net/http/httptest", "github.com/google/go-cmp/..."}, testOnly...),
			Reason:   "test support must not be linked into a product",
		},
	}
}

// serviceRules shape the inside of a service.
func serviceRules() []Rule {
	plumbing := []string{"./services/*/internal/rpc/...", "./services/*/internal/store/..."}
	return []Rule{
		{
			Name:     "a domain package is plain Go",
			Packages: []string{"./services/{service}/internal/..."},
			Except: append([]string{
				"./services/token/internal/introspect", "./services/token/internal/plan", "./services/token/internal/refused",
				"./services/authz/internal/document", "./services/authz/internal/remotekeys", "./services/consent/internal/policy",
			}, plumbing...),
			Only: []string{
				"std", "golang.org/x/crypto/...", "golang.org/x/sync/...", "golang.org/x/text/...", "golang.org/x/net/idna",
				"github.com/mtibben/confusables", "golang.org/x/image/draw",
				"./internal/platform/oauth/...", "./internal/platform/secret/...", "./internal/platform/ratelimit", "./internal/platform/lease",
				"./internal/platform/jose", "./internal/platform/device", "./internal/platform/emailaddress", "./internal/platform/userfield",
				"./services/{service}/internal/...", "./sdk/enforce/...",
			},
			Never: plumbing,
			NeverDeep: append([]string{
				"google.golang.org/grpc/...", "./gen/...", "net/http", "database/sql", redisClient, tracer, "./internal/platform/telemetry/...",
			}, sqlDrivers...),
			Reason: "rules that carry the security are read and tested without a network, a database or a wire format; the one path " +
				"matcher is such a rule, and lies in the SDK because resource servers use it too",
		},
		{
			Name: "a domain package with a cache is plain Go",
			Packages: []string{
				"./services/{service}/internal/introspect", "./services/{service}/internal/plan", "./services/{service}/internal/refused",
				"./services/{service}/internal/document", "./services/{service}/internal/remotekeys", "./services/{service}/internal/policy",
			},
			Only: []string{
				"std", "golang.org/x/sync/...", "github.com/maypok86/otter/v2/...",
				"./internal/platform/jose", "./internal/platform/oauth/...", "./internal/platform/secret/...", "./services/{service}/internal/...", "./sdk/enforce/...",
			},
			Never: plumbing,
			NeverDeep: append([]string{
				"google.golang.org/grpc/...", "./gen/...", "net/http", "database/sql", redisClient, tracer, "./internal/platform/telemetry/...",
			}, sqlDrivers...),
			Reason: "invalidation is decided in the package that caches; the cache is a bounded map in memory and nothing more",
		},
		{
			Name:     "rpc talks to the domain",
			Packages: []string{"./services/*/internal/rpc/..."},
			Never:    []string{"./services/*/internal/store/...", "net/http"},
			Reason:   "a handler converts, calls and converts; it does not depend on the storage",
		},
		{
			Name:     "a store knows no wire format",
			Packages: []string{"./services/*/internal/store/..."},
			Never:    []string{"./gen/...", "./services/*/internal/rpc/...", "google.golang.org/grpc/...", "net/http"},
			Reason:   "a column is not a field: the schema and the contract change at their own pace",
		},
		{
			Name:     "no service imports another",
			Packages: []string{"./services/{service}/..."},
			Only:     []string{"std", "other", "./gen/usher/...", "./sdk/...", "./internal/platform/...", "./services/{service}/..."},
			Reason:   "services meet through gRPC, with a policy in between; an import would go round it",
		},
	}
}

// callRules make calls run one way.
func callRules() []Rule {
	return []Rule{
		{
			Name:     "identity calls nothing",
			Packages: []string{"./services/identity/..."},
			Never:    []string{"./gen/usher/authz/...", "./gen/usher/token/...", "./gen/usher/consent/...", "./gen/usher/activity/..."},
			Reason:   "calls run one way: gateway, activity, consent, token, authz, identity",
		},
		{
			Name:     "authz calls identity alone",
			Packages: []string{"./services/authz/..."},
			Never:    []string{"./gen/usher/token/...", "./gen/usher/consent/...", "./gen/usher/activity/..."},
			Reason:   "calls run one way: gateway, activity, consent, token, authz, identity",
		},
		{
			Name:     "token does not call consent",
			Packages: []string{"./services/token/..."},
			Never:    []string{"./gen/usher/consent/...", "./gen/usher/activity/..."},
			Reason:   "calls run one way: gateway, activity, consent, token, authz, identity",
		},
		{
			Name:     "consent does not call activity",
			Packages: []string{"./services/consent/..."},
			Never:    []string{"./gen/usher/activity/..."},
			Reason:   "nothing but the gateway and the operator calls activity, so that its absence breaks nothing",
		},
	}
}

// edgeRules bind the packages at the edge: the gateway, the SDK and the commands.
func edgeRules() []Rule {
	return []Rule{
		{
			Name:      "the gateway speaks gRPC and HTTP",
			Packages:  []string{"./gateway/..."},
			Only:      []string{"std", "other", "./gen/...", "./sdk/...", "./internal/platform/...", "./internal/manifest", "./gateway/...", "./docs"},
			NeverDeep: append([]string{"./services/...", "./internal/platform/sqldb/..."}, sqlDrivers...),
			Reason:    "the internet-facing process has no database connection and decides nothing about identity or permission",
		},
		{
			Name:     "the SDK needs gen and grpc",
			Packages: []string{"./sdk/..."},
			Only: []string{
				"std", "./sdk/...", "./gen/usher/...", "google.golang.org/grpc/...", "google.golang.org/protobuf/...",
				"google.golang.org/genproto/googleapis/rpc/...",
			},
			NeverDeep: []string{"./internal/...", "./services/...", "./gateway/..."},
			Reason:    "a resource server links only the packages that it needs to introspect a token",
		},
		{
			Name:     "an example is what others would write",
			Packages: []string{"./examples/..."},
			Only:     []string{"std", "./sdk/...", "./gen/usher/...", "google.golang.org/grpc/...", "./examples/..."},
			Reason:   "an example that imports more of ours than the SDK could not be copied by others",
		},
		{
			Name:     "only cmd/usher runs an example",
			Packages: []string{"./..."},
			Except:   []string{"./cmd/usher/...", "./examples/...", "./test/..."},
			Never:    []string{"./examples/..."},
			Reason:   "the product does not depend on what it shows",
		},
		{
			Name:      "no process links compressed gRPC",
			Packages:  []string{"./cmd/...", "./services/*/cmd/...", "./gateway/cmd/..."},
			NeverDeep: []string{"google.golang.org/grpc/encoding/gzip"},
			Reason:    "linking it is enough: every call then offers it, and every server takes messages that grow when they are read",
		},
		{
			Name:     "only cmd/usher sees every part",
			Packages: []string{"./..."},
			Except:   []string{"./cmd/usher/...", "./services/...", "./gateway/...", "./test/..."},
			Never:    []string{"./services/...", "./gateway/...", "./cmd/..."},
			Reason:   "the all-in-one is the one place where the parts meet in a process",
		},
		{
			Name:     "the JOSE library stays in jose",
			Packages: []string{"./..."},
			Except:   []string{"./internal/platform/jose/...", "./test/..."},
			Never:    []string{"github.com/go-jose/..."},
			Reason:   "one package bounds what is parsed and decides which algorithm a key verifies, so that no caller can permit another",
		},
	}
}
