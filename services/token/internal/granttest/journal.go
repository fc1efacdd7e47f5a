package granttest

import "slices"

// Journal records the calls of every fake that shares it, and fails those it was told to fail. It
// is for one goroutine.
type Journal struct {
	calls []string
	fails map[string]error
}

// NewJournal makes an empty journal.
func NewJournal() *Journal { return &Journal{fails: make(map[string]error)} }

// Fail makes every further call of that name answer err and change nothing; nil ends it.
func (j *Journal) Fail(call string, err error) { j.fails[call] = err }

// Take answers the calls since it was last asked, in order.
func (j *Journal) Take() []string {
	calls := slices.Clone(j.calls)
	j.calls = nil
	return calls
}

func (j *Journal) note(call string) error {
	j.calls = append(j.calls, call)
	return j.fails[call]
}
