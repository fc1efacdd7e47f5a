package harness

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
)

// Together sends requests at the same moment, as nearly as one machine can, and returns their answers in order. It fails when one
// could not be sent or was answered with a fault of the server.
func Together(racers ...func() (Answer, error)) ([]Answer, error) {
	answers, faults := make([]Answer, len(racers)), make([]error, len(racers))
	start := make(chan struct{})
	var done sync.WaitGroup
	for i, race := range racers {
		done.Go(func() {
			<-start
			answers[i], faults[i] = race()
			if faults[i] == nil && answers[i].Status >= http.StatusInternalServerError {
				faults[i] = fmt.Errorf("a racer was answered %d %s", answers[i].Status, answers[i].Raw)
			}
		})
	}
	close(start)
	done.Wait()
	return answers, errors.Join(faults...)
}

// Repeat returns the same racer n times.
func Repeat(n int, race func() (Answer, error)) []func() (Answer, error) {
	racers := make([]func() (Answer, error), n)
	for i := range racers {
		racers[i] = race
	}
	return racers
}
