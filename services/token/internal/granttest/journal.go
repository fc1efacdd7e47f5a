package granttest

import "slices"

// Journal records the calls of every fake that shares it, and fails the calls that Fail names. It
// is for one goroutine.
type Journal struct {
	calls []string
	fails map[string]error
}

// NewJournal makes an empty journal.
func NewJournal() *Journal { return &Journal{fails: make(map[string]error)} }

// Fail makes every further call of that name return err and change nothing; nil resets it.
func (j *Journal) Fail(call string, err error) { j.fails[call] = err }

// Take returns the calls since the last Take, in order.
func (j *Journal) Take() []string {
	calls := slices.Clone(j.calls)
	j.calls = nil
	return calls
}

func (j *Journal) note(call string) error {
	j.calls = append(j.calls, call)
	return j.fails[call]
}
