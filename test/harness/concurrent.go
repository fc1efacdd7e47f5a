package harness

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
)

// Concurrently sends requests at the same moment, as nearly as one machine can, and returns their
// responses in order. It returns an error when a request could not be sent or the response has a
// 5xx status.
func Concurrently(racers ...func() (Response, error)) ([]Response, error) {
	responses, faults := make([]Response, len(racers)), make([]error, len(racers))
	Race(len(racers), func(i int) {
		responses[i], faults[i] = racers[i]()
		if faults[i] == nil && responses[i].Status >= http.StatusInternalServerError {
			faults[i] = fmt.Errorf("a concurrent request returned %d %s", responses[i].Status, responses[i].Raw)
		}
	})
	return responses, errors.Join(faults...)
}

// Race runs n calls that begin together, and returns when all have returned.
func Race(n int, call func(i int)) {
	start := make(chan struct{})
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() {
			<-start
			call(i)
		})
	}
	close(start)
	done.Wait()
}

// Repeat returns the same request n times, for Concurrently.
func Repeat(n int, race func() (Response, error)) []func() (Response, error) {
	racers := make([]func() (Response, error), n)
	for i := range racers {
		racers[i] = race
	}
	return racers
}
