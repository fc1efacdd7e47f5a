package main

import (
	"sync"
	"time"
)

// How much goes on while replicas come and go: little for the services, and enough that there is always a request on its way.
const (
	flowPause       = 400 * time.Millisecond
	refreshPause    = 200 * time.Millisecond
	introspectPause = 50 * time.Millisecond
)

// load lets three people go through the flow again and again, a fourth's app refresh its tokens, and a resource server ask
// about them. The answer ends it, between two requests.
func (e *env) load() (stop func()) {
	end := make(chan struct{})
	var group sync.WaitGroup
	for person := range persons - 1 {
		group.Go(func() {
			for pause(end, flowPause) {
				e.tally.finished(&e.tally.count.flows, e.flow(person))
			}
		})
	}
	group.Go(func() { e.keepRefreshing(end, persons-1) })
	group.Go(func() { e.keepAsking(end, persons-1) })
	return func() { close(end); group.Wait() }
}

// keepRefreshing holds tokens and rotates them; after one that broke off it connects anew, as its user would.
func (e *env) keepRefreshing(end <-chan struct{}, person int) {
	tokens, err := e.connect(person)
	for pause(end, refreshPause) {
		if err != nil {
			tokens, err = e.connect(person)
		} else {
			tokens, err = e.refresh(tokens)
		}
		e.tally.finished(&e.tally.count.refreshes, err)
	}
}

// keepAsking introspects one token that lives.
func (e *env) keepAsking(end <-chan struct{}, person int) {
	tokens, err := e.connect(person)
	for pause(end, introspectPause) {
		if err != nil {
			tokens, err = e.connect(person)
		} else {
			err = e.introspect(tokens.Access, true)
		}
		if err != nil {
			var once int
			e.tally.finished(&once, err)
		}
	}
}

// pause waits, and says whether to go on.
func pause(end <-chan struct{}, d time.Duration) bool {
	select {
	case <-end:
		return false
	case <-time.After(d):
		return true
	}
}
