package attack

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// everything is all that lies at rest: every table of every database, and every key and value in Redis.
func everything(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for service, url := range shared.servers.Databases {
		dump, err := exec.CommandContext(t.Context(), shared.servers.Tool("pg_dump"), "--data-only", "--inserts", "--dbname", url).CombinedOutput()
		if err != nil {
			t.Fatalf("dumping %s: %v %s", service, err, dump)
		}
		all.Write(dump)
	}
	ctx := context.WithoutCancel(t.Context())
	redis := shared.servers.Redis()
	keys, err := redis.Keys(ctx, "*").Result()
	must(t, err)
	for _, key := range keys {
		value, err := redis.Get(ctx, key).Result()
		must(t, err)
		fmt.Fprintf(&all, "%s\n%s\n", key, value)
	}
	return all.String()
}
