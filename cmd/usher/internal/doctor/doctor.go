// Package doctor examines what a process of Usher stands on: its settings, certificate, catalog, databases, Redis, clock and
// the services beside it, and says what to fix.
//
// It owns the questions. It never changes anything: no file is created, no schema migrated.
package doctor

import (
	"context"
	"io/fs"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/run"
	"github.com/vidocu/usher/internal/platform/secret"
)

// State is how a check ended.
type State string

// The states. Only Wrong is a failure.
const (
	OK      State = "ok"
	Warning State = "warning"
	Wrong   State = "wrong"
	// Skipped is something that these settings say nothing about.
	Skipped State = "skipped"
)

// Finding is the result of a check.
type Finding struct {
	Check string `json:"check"`
	State State  `json:"state"`
	// Text is what was found. It holds no secret.
	Text string `json:"finding"`
	// Fix is what to do; empty when all is well.
	Fix string `json:"fix"`
}

// Section is a service's database.
type Section struct {
	Service     string
	DatabaseURL secret.String
	Migrations  fs.FS
}

// Patient is what is examined.
type Patient struct {
	Settings *run.Settings
	// DevFolder is the data folder of the `usher dev` that is examined; empty in a deployment.
	DevFolder string
	Sections  []Section
	// TrustedProxies are the gateway's.
	TrustedProxies []string
	// Faults are what was found wrong with the settings' names and values.
	Faults []error
	// Limit bounds each question that goes out.
	Limit time.Duration
}

// Examine runs every check, in the order in which a start would meet them.
func (p Patient) Examine(ctx context.Context) []Finding {
	findings := append(p.settings(), p.certificate(time.Now()), p.authority(time.Now()), p.catalog(), p.proxies())
	for _, s := range p.Sections {
		findings = append(findings, p.database(ctx, s)...)
	}
	findings = append(findings, p.redis(ctx)...)
	findings = append(findings, p.peers(ctx)...)
	for i := range findings { // a driver's error has a line for each address
		findings[i].Text = strings.Join(strings.Fields(findings[i].Text), " ")
	}
	return findings
}

// Healthy reports whether nothing is wrong.
func Healthy(findings []Finding) bool {
	for _, f := range findings {
		if f.State == Wrong {
			return false
		}
	}
	return true
}

func (p Patient) settings() (findings []Finding) {
	for _, fault := range p.Faults {
		findings = append(findings, Finding{"settings", Wrong, fault.Error(), "correct it: `usher config` lists every setting with its variable"})
	}
	if len(findings) == 0 {
		findings = append(findings, Finding{Check: "settings", State: OK, Text: "every name is known and every value can be used"})
	}
	return findings
}

func (p Patient) catalog() Finding {
	const check = "catalog"
	file := p.Settings.CatalogFile
	if file == "" {
		return Finding{Check: check, State: OK, Text: "the built-in one, " + catalog.Default().Digest()[:12]}
	}
	read, err := catalog.Load(file)
	if err != nil {
		return Finding{check, Wrong, err.Error(), "correct the line, then `usher catalog check " + file + "`"}
	}
	return Finding{Check: check, State: OK, Text: file + ", " + read.Digest()[:12]}
}
