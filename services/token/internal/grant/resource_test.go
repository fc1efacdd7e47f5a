package grant_test

import (
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/services/token/internal/grant"
)

const (
	apiResource = "https://api.test/v1"
	mcpResource = "https://mcp.test/mcp"
)

func forResource(values ...string) func(*grant.Request) {
	return func(r *grant.Request) { r.Resource = values }
}

// approvedFor is a bench whose code was approved for resources.
func approvedFor(retryWindow time.Duration, resources ...string) bench {
	b := newBench(retryWindow)
	code := johnsCode()
	code.Resources = resources
	b.codes.Held[theCode] = code
	return b
}

func TestRFC8707_2_2_ACodeIsForItsResourcesOrFewer(t *testing.T) {
	for name, row := range map[string]struct {
		granted, asked []string
		want           string
		refused        cause.Cause
	}{
		"the default, none asked":         {nil, nil, "", ""},
		"the default, asked":              {nil, []string{apiResource + "/"}, "", ""},
		"another, none asked":             {[]string{mcpResource}, nil, "", ""},
		"another, asked":                  {[]string{mcpResource}, []string{"HTTPS://mcp.test:443/mcp"}, "", ""},
		"both, one asked":                 {[]string{apiResource, mcpResource}, []string{mcpResource}, mcpResource, ""},
		"both, both asked":                {[]string{apiResource, mcpResource}, []string{mcpResource, apiResource}, "", ""},
		"the default, another asked":      {nil, []string{mcpResource}, "", cause.ResourceNotGranted},
		"another, the default asked":      {[]string{mcpResource}, []string{apiResource}, "", cause.ResourceNotGranted},
		"another, one of two not granted": {[]string{mcpResource}, []string{mcpResource, apiResource}, "", cause.ResourceNotGranted},
		"malformed":                       {nil, []string{apiResource + "#x"}, "", cause.ResourceMalformed},
	} {
		b := approvedFor(0, row.granted...)
		if row.refused != "" {
			b.refused(t, redemption(forResource(row.asked...)), grant.ErrInvalidTarget, "Authenticate", "Resolve")
			b.refusedBecause(t, redemption(forResource(row.asked...)), row.refused)
			b.mustIssue(t, redemption()) // nothing was consumed
			continue
		}
		if pair := b.mustIssue(t, redemption(forResource(row.asked...))); pair.Resources.String() != row.want || b.store.Redemption.Resources.String() != row.want {
			t.Errorf("%s: issued for %q, stored %q, want %q", name, pair.Resources, b.store.Redemption.Resources, row.want)
		}
	}
}

func TestRFC8707_2_2_ARefreshNarrowsTheResourcesAndTheFamilyKeepsThem(t *testing.T) {
	b := approvedFor(0, apiResource, mcpResource)
	first := b.mustIssue(t, redemption())
	second := b.mustIssue(t, refreshing(first.Refresh, forResource(mcpResource)))
	if got := b.store.Rotation.Resources.String(); got != mcpResource {
		t.Errorf("narrowed to %q", got)
	}
	third := b.mustIssue(t, refreshing(second.Refresh, forResource(apiResource)))
	if got := b.store.Rotation.Resources.String(); got != apiResource {
		t.Errorf("after narrowing to one, the other is %q", got)
	}
	b.refused(t, refreshing(third.Refresh, forResource("https://other.test")), grant.ErrInvalidTarget, "Authenticate", "Granted")
	b.refusedBecause(t, refreshing(third.Refresh, forResource("https://other.test")), cause.ResourceNotGranted)
	b.mustIssue(t, refreshing(third.Refresh))
	if got := b.store.Rotation.Resources; got != nil {
		t.Errorf("without the parameter the token is for %q", got)
	}
}

func TestRFC8707_2_2_ARetryAsksForTheSameResources(t *testing.T) {
	for _, row := range []struct{ first, retry, refused []string }{
		{nil, nil, []string{mcpResource}},
		{[]string{mcpResource}, []string{mcpResource + "/"}, []string{apiResource}},
		{[]string{mcpResource, apiResource}, []string{apiResource, mcpResource}, []string{mcpResource}},
	} {
		b := approvedFor(time.Minute, apiResource, mcpResource)
		pair := b.mustIssue(t, redemption())
		next := b.mustIssue(t, refreshing(pair.Refresh, forResource(row.first...)))
		for _, again := range [][]string{row.retry, nil} {
			if got := b.mustIssue(t, refreshing(pair.Refresh, forResource(again...))); !got.Access.Equal(next.Access) || got.Resources.String() != next.Resources.String() {
				t.Errorf("%q again as %q: another pair", row.first, again)
			}
		}
		b.refusedBecause(t, refreshing(pair.Refresh, forResource(row.refused...)), cause.ResourceOtherAtRetry)
	}
}
