// Package doctor checks what a process of Usher depends on: its settings, certificate, catalog, databases, Redis, clock and the
// services that it calls, and says what to fix.
//
// It owns the checks. It never changes anything: it creates no file and migrates no schema.
package doctor

import (
	"cmp"
	"context"
	"io/fs"
	"slices"
	"strings"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/localsock"
	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/secret"
)

// State is the result of a check.
type State string

// The states. Only Wrong is a failure.
const (
	OK      State = "ok"
	Warning State = "warning"
	Wrong   State = "wrong"
	// Skipped is a check of something that is not set.
	Skipped State = "skipped"
)

// Finding is a check with its result.
type Finding struct {
	Check string `json:"check"`
	State State  `json:"state"`
	// Text is the result in words, without secrets.
	Text string `json:"finding"`
	// Fix is what to do; empty when nothing is wrong.
	Fix string `json:"fix"`
}

// Section is a service's database.
type Section struct {
	Service     string
	DatabaseURL secret.String
	Migrations  fs.FS
}

// Target is the process, or the deployment, that is examined.
type Target struct {
	Settings *run.Settings
	// DevFolder is the data folder of the `usher dev` that is examined; empty in a deployment.
	DevFolder string
	Sections  []Section
	// TrustedProxies are the gateway's.
	TrustedProxies []string
	// Faults are the errors of the settings' names and values.
	Faults []error
	// Limit is the timeout of each check that uses the network.
	Limit time.Duration
}

// Examine runs every check, in the order in which they matter to a start.
func (t Target) Examine(ctx context.Context) []Finding {
	findings := append(t.settings(), t.certificate(time.Now()), t.authority(time.Now()), t.catalog(ctx), t.proxies())
	for _, s := range t.Sections {
		findings = append(findings, t.database(ctx, s)...)
	}
	findings = append(findings, t.redis(ctx)...)
	findings = append(findings, t.peers(ctx)...)
	for i := range findings { // the error of a driver may have a line for each address
		findings[i].Text = strings.Join(strings.Fields(findings[i].Text), " ")
	}
	return findings
}

// Healthy reports whether nothing is wrong.
func Healthy(findings []Finding) bool {
	return !slices.ContainsFunc(findings, func(f Finding) bool { return f.State == Wrong })
}

func (t Target) settings() (findings []Finding) {
	for _, fault := range t.Faults {
		findings = append(findings, Finding{"settings", Wrong, fault.Error(), "correct it: `usher config` lists every setting with its variable"})
	}
	if len(findings) == 0 {
		findings = append(findings, Finding{Check: "settings", State: OK, Text: "every name is known and every value can be used"})
	}
	return findings
}

// catalog checks the catalog that a process reads with these settings. An `usher dev` that runs is asked for its own, which a file
// that changed meanwhile is not.
func (t Target) catalog(ctx context.Context) Finding {
	const check = "catalog"
	file, read := t.Settings.CatalogFile, catalog.Default()
	if file != "" {
		var err error
		if read, err = catalog.Load(file); err != nil {
			return Finding{check, Wrong, err.Error(), "correct the line, then `usher catalog check " + file + "`"}
		}
	}
	if t.Settings.OpenID {
		read = read.WithOpenID()
	}
	digest := read.Digest()
	if used := t.usedCatalog(ctx); used != "" {
		digest = used
	}
	return Finding{Check: check, State: OK, Text: cmp.Or(file, "the built-in catalog") + ", " + digest[:min(len(digest), 12)]}
}

// usedCatalog returns the digest of the catalog that the examined `usher dev` uses; empty where there is none, or no response: the
// check of the token service says why.
func (t Target) usedCatalog(ctx context.Context) string {
	if t.DevFolder == "" {
		return ""
	}
	conn, err := localsock.Dial(t.DevFolder, "token")
	if err != nil {
		return ""
	}
	defer conn.Close() //nolint:errcheck // it was used for one call that has returned
	ctx, cancel := context.WithTimeout(ctx, t.Limit)
	defer cancel()
	res, err := tokenv1.NewCatalogServiceClient(conn).GetCatalog(ctx, &tokenv1.GetCatalogRequest{})
	if err != nil {
		return ""
	}
	return res.GetDigest()
}
