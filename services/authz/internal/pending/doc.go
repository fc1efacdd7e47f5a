// Package pending stores authorization requests that wait for a user: from the validated query to
// the decision.
//
// It owns how a request is bound to the browser that started it, keeps the user and the epoch of its
// decision, and ensures that it is decided once. Its entries are small and expire. It never sees a
// session, a secret in clear or a code, and it does not validate requests: package flow has done
// that.
package pending
