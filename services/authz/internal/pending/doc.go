// Package pending keeps authorization requests that wait for a person: from the checked query to the decision.
//
// It owns how a request is bound to the browser that began it and to the person who saw its consent screen, and that it
// is closed once. What it keeps is small and ends by itself. It never knows a session, a secret in clear or a code, and it
// does not judge what is asked for: that was done before (package flow).
package pending
