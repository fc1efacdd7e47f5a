package browser

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
)

// Meanwhile calls read in a goroutine, with a request that leave cancels. wait waits for its result; leave
// must be called before the response ends, also where the result is not wanted: it ends the goroutine. A
// panic in read would end the process, because the router recovers those of a request's own goroutine
// alone: it is logged, and the result is the zero value.
func Meanwhile[T any](f Flow, r *http.Request, read func(r *http.Request) T) (wait func() T, leave func()) {
	ctx, cancel := context.WithCancel(r.Context())
	ended := make(chan struct{})
	var found T
	go func() {
		defer close(ended)
		defer func() {
			if panicked := recover(); panicked != nil {
				f.Logger.ErrorContext(ctx, "request panicked", "panic", fmt.Sprint(panicked), "stack", string(debug.Stack()))
			}
		}()
		found = read(r.WithContext(ctx))
	}()
	wait = func() T {
		<-ended
		return found
	}
	leave = func() {
		cancel()
		<-ended
	}
	return wait, leave
}
