package main

import (
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/vidocu/usher/test/harness"
)

// report collects the results and prints them as Markdown.
type report struct {
	limit    limitResults
	results  []operation
	ratios   []ratio
	failures []failure
	pushes   []push
	start    time.Duration
	resident float64
}

// operation is the result of one operation.
type operation struct {
	result
	// echo is the CPU time of the echo that was measured in turns with it, and ceiling how many of
	// them the operation may cost.
	echo    time.Duration
	ceiling float64
	counts  harness.Counts
}

// ratio is a result as a multiple of another one of the same run.
type ratio struct {
	result
	of           string
	value, floor float64
}

// failure is the median duration of one kind of failed sign-in.
type failure struct {
	address string
	median  time.Duration
}

func (r *report) ratio(res result, of string, value, floor float64) {
	r.ratios = append(r.ratios, ratio{res, of, value, floor})
}

func (r *report) limits(l limitResults) { r.limit = l }

func (r *report) ours(o operation) { r.results = append(r.results, o) }

func (r *report) print(w io.Writer) {
	p := func(format string, args ...any) { fmt.Fprintf(w, format, args...) }
	p("Taken %s on %d cores, %s.\n\n", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), runtime.Version())
	p("| Limit | per s | p50 | p99 | CPU µs: server or store |\n| --- | --- | --- | --- | --- |\n")
	for _, l := range []result{r.limit.echo, r.limit.transaction, r.limit.keyRead} {
		p("| %s | %.0f | %s | %s | %s |\n", l.name, l.perSec, ms(l.p50), ms(l.p99), us(l.total()))
	}
	p("\n| Operation | calls, statements, commands | per s | p50 | p99 | CPU µs | the echo's | echoes | ceiling | where |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, o := range r.results {
		calls, statements, commands := o.counts.Totals()
		p("| %s | %d, %d, %d | %.0f | %s | %s | %s | %s | **%.1f** | %.1f | %s |\n", o.name, calls, statements, commands,
			o.perSec, ms(o.p50), ms(o.p99), us(o.total()), us(o.echo), float64(o.total())/float64(o.echo), o.ceiling, split(o.cpu))
	}
	p("\n| Operation | per s | p50 | p99 | CPU µs | ratio | floor |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, o := range r.ratios {
		p("| %s | %.0f | %s | %s | %s | **%.2f** %s | %.2f |\n", o.name, o.perSec, ms(o.p50), ms(o.p99), us(o.total()), o.value, o.of, o.floor)
	}
	for _, c := range r.pushes {
		p("\n%d clients in processes of their own deny what was ended (%s) %s after the return by the median, %s p99 (at most 250 ms), %s at the last (1 s).",
			clients, c.kind, ms(c.p50), ms(c.p99), ms(c.last))
	}
	for _, f := range r.failures {
		p("\nA failed attempt as %s takes %s.", f.address, ms(f.median))
	}
	p("\n")
	for _, o := range r.results {
		if strings.HasPrefix(o.name, "refresh") {
			p("\nRefresh rotation reaches %.2f of the raw transaction's throughput (floor 0.30).\n", o.perSec/r.limit.transaction.perSec)
		}
	}
	p("\n`usher dev` is ready after %d ms (ceiling 500) and resident in %.0f MiB (ceiling 60).\n", r.start.Milliseconds(), r.resident)
}

func split(cpu map[string]time.Duration) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(cpu)) {
		parts = append(parts, name+" "+us(cpu[name]))
	}
	return strings.Join(parts, ", ")
}

func us(d time.Duration) string { return fmt.Sprintf("%.0f", float64(d)/float64(time.Microsecond)) }
func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond)) }
