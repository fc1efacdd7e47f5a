package main

import (
	"sync"
	"time"
)

// The pauses between requests: few for the services, and enough that there is always a request in
// flight.
const (
	flowPause       = 400 * time.Millisecond
	refreshPause    = 200 * time.Millisecond
	introspectPause = 50 * time.Millisecond
)

// load runs the flow continuously as three users, refreshes the tokens of a fourth, and introspects
// another token. stop ends it between two requests.
func (e *env) load() (stop func()) {
	end := make(chan struct{})
	var group sync.WaitGroup
	for user := range users - 1 {
		group.Go(func() {
			for pause(end, flowPause) {
				e.tally.finished(&e.tally.count.flows, e.flow(user))
			}
		})
	}
	group.Go(func() { e.keepRefreshing(end, users-1) })
	group.Go(func() { e.keepIntrospecting(end, users-1) })
	return func() { close(end); group.Wait() }
}

// keepRefreshing refreshes a token pair continuously; after a failure it starts with a new
// authorization, as a user would.
func (e *env) keepRefreshing(end <-chan struct{}, user int) {
	tokens, err := e.connect(user)
	for pause(end, refreshPause) {
		if err != nil {
			tokens, err = e.connect(user)
		} else {
			tokens, err = e.refresh(tokens)
		}
		e.tally.finished(&e.tally.count.refreshes, err)
	}
}

// keepIntrospecting introspects one live token continuously.
func (e *env) keepIntrospecting(end <-chan struct{}, user int) {
	tokens, err := e.connect(user)
	for pause(end, introspectPause) {
		if err != nil {
			tokens, err = e.connect(user)
		} else {
			err = e.introspect(tokens.Access, true)
		}
		if err != nil {
			var once int
			e.tally.finished(&once, err)
		}
	}
}

// pause waits, and returns false at the end of the load.
func pause(end <-chan struct{}, d time.Duration) bool {
	select {
	case <-end:
		return false
	case <-time.After(d):
		return true
	}
}
