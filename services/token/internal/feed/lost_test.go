package feed_test

import (
	"testing"
	"time"
)

// TestNoEntryIsMissedAfterAFailoverThatLostCommits: the cursors of the lost entries are used again, and a
// replica that had applied those took the new entries for them. Nothing fails meanwhile.
func TestNoEntryIsMissedAfterAFailoverThatLostCommits(t *testing.T) {
	for name, change := range map[string]func(l *memoryLog){
		"one lost":                       func(l *memoryLog) { l.restore(4) },
		"one lost and replaced":          func(l *memoryLog) { l.restore(4); l.append(1) },
		"one lost, and two since":        func(l *memoryLog) { l.restore(4); l.append(2) },
		"three lost, and two since":      func(l *memoryLog) { l.restore(2); l.append(2) },
		"three lost, and many since":     func(l *memoryLog) { l.restore(2); l.append(600) },
		"all lost":                       func(l *memoryLog) { l.restore(0) },
		"lost and replaced after a trim": func(l *memoryLog) { l.trim(4); l.restore(4); l.append(1) },
		"skipped by another replica":     func(l *memoryLog) { l.restore(4); l.head = 20; l.append(1) },
	} {
		follow(t, 5, func(t *testing.T, b bench) {
			watcher := b.watch(t, -1)
			next(t, watcher)
			_, before, _ := b.ear.applied()
			change(b.log)
			pass(time.Second)
			if _, resets, _ := b.ear.applied(); resets == before {
				t.Errorf("%s: nothing is invalidated", name)
			}
			if batch, err := watcher.Next(t.Context()); err != nil || !batch.Reset {
				t.Errorf("%s: a watcher gets %+v, %v, want a reset", name, batch, err)
			}
			if _, complete := b.Since(5); complete {
				t.Errorf("%s: a result from before is cached", name)
			}
			if b.Applied() <= 5 {
				t.Errorf("%s: cursor %d, which was used before, is used again", name, b.Applied())
			}
			_, resets, _ := b.ear.applied()
			b.log.append(1)
			pass(time.Second)
			if _, again, cursor := b.ear.applied(); again != resets || cursor != b.log.head {
				t.Errorf("%s: then %d more resets, and entries up to %d of %d", name, again-resets, cursor, b.log.head)
			}
		})
	}
}

// TestALogThatIsTrimmedKeepsTheCaches: the entry that was applied last is deleted after a week.
func TestALogThatIsTrimmedKeepsTheCaches(t *testing.T) {
	follow(t, 5, func(t *testing.T, b bench) {
		_, before, _ := b.ear.applied()
		b.log.trim(5)
		pass(time.Second)
		b.log.append(1)
		pass(time.Second)
		if applied, resets, cursor := b.ear.applied(); resets != before || applied != 1 || cursor != 6 {
			t.Errorf("%d resets, %d entries up to %d", resets-before, applied, cursor)
		}
		b.log.trim(6)
		pass(time.Second)
		b.log.restore(5)
		b.log.append(1)
		pass(time.Second)
		if _, resets, _ := b.ear.applied(); resets == before {
			t.Error("a cursor that was used again after a trim is taken for the one that was applied")
		}
	})
}
