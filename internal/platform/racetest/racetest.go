// Package racetest starts calls at the same moment. It is for tests, and owns nothing else.
package racetest

import "sync"

// Run runs n calls concurrently, which begin together, and returns when all have returned.
func Run(n int, call func(i int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-start
			call(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}
