package rolling

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// kind is a kind of operation.
type kind string

// The kinds, in the order of the report.
const (
	flowing    kind = "flows"
	refreshing kind = "refreshes"
	overHTTP   kind = "introspections, HTTP"
	overGRPC   kind = "introspections, gRPC"
	bySDK      kind = "checks, SDK"
	revoking   kind = "revocations"
)

func kinds() []kind { return []kind{flowing, refreshing, overHTTP, overGRPC, bySDK, revoking} }

// Row counts operations: all, those that needed the one retry, and those that failed after it.
type Row struct{ Done, Retried, Failed int }

// Tally counts operations by the phase in which they started.
type Tally struct {
	mu     sync.Mutex
	phase  string
	phases []string
	rows   map[string]map[kind]*Row
	// done counts the successful operations of a kind, over all phases.
	done map[kind]int
	// failures and retries describe the first of each: repetitions must not hide the first one that
	// failed.
	failures, retries []string
}

func newTally() *Tally { return &Tally{rows: map[string]map[kind]*Row{}, done: map[kind]int{}} }

// enter starts a phase, or continues one.
func (t *Tally) enter(phase string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.phase = phase
	if t.rows[phase] == nil {
		t.phases = append(t.phases, phase)
		t.rows[phase] = map[kind]*Row{}
		for _, k := range kinds() {
			t.rows[phase][k] = &Row{}
		}
	}
}

// operation is one operation of a client.
type operation struct {
	tally   *Tally
	kind    kind
	phase   string
	retried bool
}

func (t *Tally) start(k kind) *operation {
	t.mu.Lock()
	defer t.mu.Unlock()
	return &operation{tally: t, kind: k, phase: t.phase}
}

// retry records that the client had to retry, and why. A failure belongs to the phase in which it
// first occurs.
func (o *operation) retry(why string) {
	if !o.retried {
		o.phase, o.retried = o.tally.now(), true
	}
	o.tally.note(&o.tally.retries, o, "again: "+why)
}

func (t *Tally) now() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.phase
}

// end counts the operation; err is the failure after the retry. An operation that was in progress while state
// could be lost fails because of that, even if it notices later.
func (o *operation) end(err error) error {
	if err != nil {
		if !o.retried && !mayLose(o.phase) {
			o.phase = o.tally.now()
		}
		o.tally.note(&o.tally.failures, o, "failed: "+err.Error())
	}
	o.tally.mu.Lock()
	defer o.tally.mu.Unlock()
	row := o.tally.rows[o.phase][o.kind]
	row.Done++
	if o.retried {
		row.Retried++
	}
	if err != nil {
		row.Failed++
		return err
	}
	o.tally.done[o.kind]++
	return nil
}

// maxNotes and maxNote keep the report of a bad run readable.
const (
	maxNotes = 100
	maxNote  = 300
)

func (t *Tally) note(notes *[]string, o *operation, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(*notes) < maxNotes {
		*notes = append(*notes, fmt.Sprintf("%s %s: %s: %s", time.Now().UTC().Format("15:04:05.000"), o.phase, o.kind, text[:min(len(text), maxNote)]))
	}
}

// succeeded returns the number of successful operations of a kind so far.
func (t *Tally) succeeded(k kind) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.done[k]
}

// sum adds up a kind over phases; without phases, over all of them.
func (t *Tally) sum(k kind, phases ...string) Row {
	t.mu.Lock()
	defer t.mu.Unlock()
	var sum Row
	for phase, rows := range t.rows {
		if len(phases) == 0 || slices.Contains(phases, phase) {
			sum.Done += rows[k].Done
			sum.Retried += rows[k].Retried
			sum.Failed += rows[k].Failed
		}
	}
	return sum
}

// print writes a table: a line per phase, and for each kind the operations, retries and failures.
func (t *Tally) print(out io.Writer) {
	t.mu.Lock()
	phases := slices.Clone(t.phases)
	t.mu.Unlock()
	fmt.Fprint(out, "| phase |")
	for _, k := range kinds() {
		fmt.Fprintf(out, " %s |", k)
	}
	fmt.Fprint(out, "\n| --- |")
	for range kinds() {
		fmt.Fprint(out, " --- |")
	}
	fmt.Fprintln(out)
	for _, phase := range phases {
		t.line(out, phase, phase)
	}
	t.line(out, "**all**")
}

func (t *Tally) line(out io.Writer, title string, phases ...string) {
	fmt.Fprintf(out, "| %s |", title)
	for _, k := range kinds() {
		row := t.sum(k, phases...)
		fmt.Fprintf(out, " %d / %d / %d |", row.Done, row.Retried, row.Failed)
	}
	fmt.Fprintln(out)
}
