package browser

import (
	"fmt"
	"net/http"
	"runtime/debug"
)

// Meanwhile calls read in a goroutine, and returns the function that waits for its result, which is called
// once. A panic in read would end the process, because the router recovers those of a request's own goroutine
// alone: it is logged, and the result is the zero value.
func Meanwhile[T any](f Flow, r *http.Request, read func() T) (wait func() T) {
	found := make(chan T, 1)
	go func() {
		defer close(found)
		defer func() {
			if panicked := recover(); panicked != nil {
				f.Logger.ErrorContext(r.Context(), "request panicked", "panic", fmt.Sprint(panicked), "stack", string(debug.Stack()))
			}
		}()
		found <- read()
	}()
	return func() T { return <-found }
}
