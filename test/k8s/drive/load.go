package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/vidocu/usher/test/harness"
)

// load is what clients do all the time. Nobody repeats a request: what got no answer is lost.
type load struct {
	d       *harness.Deployment
	running sync.WaitGroup
	stop    context.CancelFunc

	mu     sync.Mutex
	phase  string
	phases []string
	counts map[string]*counts
	notes  []string
}

// counts are operations of a phase, by the phase that they began in.
type counts struct{ flows, refreshes, introspections, lost int }

func newLoad(d *harness.Deployment) *load {
	return &load{d: d, counts: map[string]*counts{}, stop: func() {}}
}

// enter begins a phase.
func (l *load) enter(phase string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.phase = phase
	l.phases = append(l.phases, phase)
	l.counts[phase] = &counts{}
}

// done counts an operation that began in a phase.
func (l *load) done(phase string, add func(c *counts), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.counts[phase]
	add(c)
	if err != nil {
		c.lost++
		l.notes = append(l.notes, fmt.Sprintf("%s %s: %v", time.Now().UTC().Format(time.TimeOnly), phase, err))
	}
}

func (l *load) now() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.phase
}

// start has n callers of each kind begin.
func (l *load) start(ctx context.Context, n int) {
	l.enter("start")
	ctx, l.stop = context.WithCancel(ctx)
	for range n {
		l.running.Go(func() { l.keepFlowing(ctx) })
		l.running.Go(func() { l.keepRefreshing(ctx) })
		l.running.Go(func() { l.keepAsking(ctx) })
	}
}

func (l *load) end() {
	l.stop()
	l.running.Wait()
}

// breath keeps one machine able to do the rest.
const breath = 50 * time.Millisecond

// keepFlowing authorizes again and again, signing in each time.
func (l *load) keepFlowing(ctx context.Context) {
	for ; ctx.Err() == nil; time.Sleep(breath) {
		phase := l.now()
		_, err := l.d.Issue(l.d.NewBrowser(), harness.Request{ClientID: harness.PublicID, Verifier: harness.NewVerifier()})
		l.done(phase, func(c *counts) { c.flows++ }, err)
	}
}

// keepRefreshing goes down a chain of refresh tokens; a refresh that failed would end it.
func (l *load) keepRefreshing(ctx context.Context) {
	tokens, err := l.d.Issue(l.d.NewBrowser(), harness.Request{})
	l.done(l.now(), func(*counts) {}, err)
	for refresh := tokens.Refresh; ctx.Err() == nil && refresh != ""; time.Sleep(breath) {
		phase := l.now()
		a, err := l.d.Refresh(refresh)
		if err == nil && a.Status != http.StatusOK {
			err = fmt.Errorf("a refresh answered %d %s", a.Status, a.Raw)
		}
		l.done(phase, func(c *counts) { c.refreshes++ }, err)
		refresh = a.Text("refresh_token")
	}
}

// keepAsking asks about a token that stays live.
func (l *load) keepAsking(ctx context.Context) {
	tokens, err := l.d.Issue(l.d.NewBrowser(), harness.Request{Email: harness.EstherEmail})
	l.done(l.now(), func(*counts) {}, err)
	for ; ctx.Err() == nil; time.Sleep(breath) {
		phase := l.now()
		active, err := l.d.Active(tokens.Access)
		if err == nil && !active {
			err = fmt.Errorf("a live token was called inactive")
		}
		l.done(phase, func(c *counts) { c.introspections++ }, err)
	}
}

func (l *load) lost() (n int) {
	for _, c := range l.counts {
		n += c.lost
	}
	return n
}

func (l *load) print(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WHILE\tFLOWS\tREFRESHES\tINTROSPECTIONS\tLOST")
	for _, phase := range l.phases {
		c := l.counts[phase]
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\n", phase, c.flows, c.refreshes, c.introspections, c.lost)
	}
	_ = table.Flush()
	for i, note := range l.notes {
		if i == 20 {
			fmt.Fprintf(out, "and %d more\n", len(l.notes)-i)
			break
		}
		fmt.Fprintln(out, note)
	}
}
