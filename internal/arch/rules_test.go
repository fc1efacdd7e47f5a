package arch

import (
	"context"
	"path/filepath"
	"testing"
)

func TestEveryImportObeysTheRules(t *testing.T) {
	pkgs, err := Load(context.Background(), filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range pkgs {
		if pkg.Error != nil {
			t.Errorf("%s: %s", pkg.ImportPath, pkg.Error.Err)
		}
	}
	for _, rule := range Rules() {
		breaches, bound := rule.Check(pkgs)
		for _, breach := range breaches {
			t.Error(breach)
		}
		if bound == 0 {
			t.Errorf("rule %q binds no package: has what it guards moved?", rule.Name)
		}
	}
}

// planted has one breach of each rule: a package of ours with its imports and dependencies.
var planted = map[string]Package{
	"generated messages stand alone":                            ours("gen/usher/token/v1", "github.com/grpc-ecosystem/grpc-gateway/v2/runtime"),
	"generated gateway code needs the contract and its runtime": ours("gen/gw/usher/token/v1", Module+"/gateway"),
	"oauth and secret are grammar and types":                    ours("internal/platform/oauth", "net/http"),
	"the shared library knows no service":                       ours("internal/platform/policy", Module+"/gen/usher/token/v1"),
	"convert converts what two services share":                  ours("internal/platform/convert", Module+"/gen/usher/identity/v1"),
	"SQL drivers stay in sqldb":                                 ours("services/token/internal/store", "github.com/jackc/pgx/v5"),
	"the Redis client stays in shortlived":                      ours("services/authz/internal/store", "github.com/redis/go-redis/v9"),
	"the JOSE library stays in jose":                            ours("services/authz/internal/client", "github.com/go-jose/go-jose/v4"),
	"OpenTelemetry stays at the edges of the shared library":    ours("services/token", "go.opentelemetry.io/otel/trace"),
	"production never imports test support":                     ours("services/token/internal/store", Module+"/services/token/internal/store/storetest"),
	"a domain package is plain Go":                              ours("services/token/internal/grant", Module+"/services/authz/internal/code"),
	"a domain package with a cache is plain Go":                 ours("services/token/internal/introspect", "google.golang.org/grpc/codes"),
	"rpc talks to the domain":                                   ours("services/token/internal/rpc", Module+"/services/token/internal/store"),
	"a store knows no wire format":                              ours("services/token/internal/store", Module+"/gen/usher/token/v1"),
	"no service imports another":                                ours("services/consent", Module+"/services/token"),
	"identity calls nothing":                                    ours("services/identity/internal/rpc", Module+"/gen/usher/token/v1"),
	"authz calls identity alone":                                ours("services/authz", Module+"/gen/usher/consent/v1"),
	"consent does not call activity":                            ours("services/consent", Module+"/gen/usher/activity/v1"),
	"token does not call consent":                               ours("services/token", Module+"/gen/usher/consent/v1"),
	"the gateway speaks gRPC and HTTP":                          ours("gateway/internal/dialect", Module+"/services/token"),
	"the SDK needs gen and grpc":                                ours("sdk/usher", Module+"/internal/platform/secret"),
	"an example is what others would write":                     ours("examples/videoapi", Module+"/internal/platform/run"),
	"only cmd/usher runs an example":                            ours("gateway", Module+"/examples/videoapi"),
	"no process links compressed gRPC":                          ours("services/token/cmd/token", "google.golang.org/grpc/encoding/gzip"),
	"only cmd/usher sees every part":                            ours("cmd/other", Module+"/services/token"),
}

func ours(dir string, imports ...string) Package {
	return Package{ImportPath: Module + "/" + dir, Imports: imports}
}

func TestEveryRuleCatchesAPlantedBreach(t *testing.T) {
	for _, rule := range Rules() {
		pkg, ok := planted[rule.Name]
		if !ok {
			t.Errorf("rule %q has no planted breach", rule.Name)
			continue
		}
		if breaches, _ := rule.Check([]Package{pkg}); len(breaches) != 1 {
			t.Errorf("rule %q found %d breaches in %s importing %s, want 1", rule.Name, len(breaches), pkg.ImportPath, pkg.Imports)
		}
	}
}

func TestDeepBansReachThroughOtherPackages(t *testing.T) {
	for name, pkg := range map[string]Package{
		"a domain package is plain Go":     {ImportPath: Module + "/services/authz/internal/code", Deps: []string{"google.golang.org/grpc/codes"}},
		"the gateway speaks gRPC and HTTP": {ImportPath: Module + "/gateway", Deps: []string{"modernc.org/sqlite"}},
		"the SDK needs gen and grpc":       {ImportPath: Module + "/sdk/usher", Deps: []string{Module + "/internal/platform/oauth"}},
	} {
		found := false
		for _, rule := range Rules() {
			breaches, _ := rule.Check([]Package{pkg})
			found = found || rule.Name == name && len(breaches) == 1
		}
		if !found {
			t.Errorf("rule %q does not see that %s leads to %s", name, pkg.ImportPath, pkg.Deps)
		}
	}
}

func TestWhatTheRulesAllow(t *testing.T) {
	for _, pkg := range []Package{
		ours("services/token/internal/grant", "time", Module+"/internal/platform/oauth", Module+"/services/token/internal/family"),
		ours("services/identity/internal/password", "golang.org/x/crypto/argon2", "golang.org/x/sync/semaphore"),
		ours("services/token/internal/rpc", Module+"/gen/usher/authz/v1", Module+"/internal/platform/oerr"),
		ours("services/token/cmd/token", Module+"/services/token", "github.com/alecthomas/kong"),
		ours("services/token/internal/store/storetest", "testing", Module+"/internal/platform/sqldb/sqldbtest"),
		ours("internal/platform/sqldb", "database/sql", "github.com/jackc/pgx/v5/pgxpool"),
		ours("cmd/usher", Module+"/services/token", Module+"/gateway"),
		ours("test/bench", "github.com/jackc/pgx/v5", Module+"/gen/usher/token/v1"),
	} {
		for _, rule := range Rules() {
			if breaches, _ := rule.Check([]Package{pkg}); len(breaches) > 0 {
				t.Error(breaches)
			}
		}
	}
}
