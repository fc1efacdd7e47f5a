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
	start := make(chan struct{})
	var done sync.WaitGroup
	for i, race := range racers {
		done.Go(func() {
			<-start
			responses[i], faults[i] = race()
			if faults[i] == nil && responses[i].Status >= http.StatusInternalServerError {
				faults[i] = fmt.Errorf("a concurrent request returned %d %s", responses[i].Status, responses[i].Raw)
			}
		})
	}
	close(start)
	done.Wait()
	return responses, errors.Join(faults...)
}

// Repeat returns the same request n times, for Concurrently.
func Repeat(n int, race func() (Response, error)) []func() (Response, error) {
	racers := make([]func() (Response, error), n)
	for i := range racers {
		racers[i] = race
	}
	return racers
}
