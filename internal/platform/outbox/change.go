package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vidocu/usher/internal/platform/sqldb"
)

// Observed is an object as a query reads it before and after a change.
type Observed struct {
	// Query returns rows of two text columns: the name of a field and a value of it, as
	// docs/activity.md shows them. A field may have several values. Empty for an object whose fields
	// are not recorded.
	Query string
	// Lock locks the object's row, with {{for update}}, before it is read: otherwise the event of one of two
	// concurrent changes would have the fields of both. Empty for an object that only one transaction can
	// change.
	Lock string
	Args []any
	// Workspace is the field with the workspace that the object belongs to, before or after the change,
	// which is the event's if that names none. Empty for an object without such a field.
	Workspace string
	// Expand, if not nil, returns the fields and values that a value of a field stands for, such as the members of
	// a document or the text of a time; nil for a value that is recorded as it is.
	Expand func(field, value string) map[string][]string
}

// AppendCreated writes the event of an object that the transaction has created, with its fields.
func (l *Log) AppendCreated(ctx context.Context, tx *sqldb.Tx, e Event, object Observed) error {
	after, err := object.read(ctx, tx)
	if err != nil {
		return err
	}
	e.WorkspaceID = cmp.Or(e.WorkspaceID, after[object.Workspace])
	e.Changes = append(slices.Clone(e.Changes), difference(nil, after)...)
	return l.Append(ctx, tx, e)
}

// ErrUnchanged is the error of work that has found everything as it wants it, where the fields of the
// object do not say so. Change writes no event then, and returns no error.
var ErrUnchanged = errors.New("nothing changed")

// Change runs work in a transaction (see sqldb.DB.InTx: it may run more than once) and writes its
// event, with the fields that differ afterwards. No event is written if work fails, and none of an
// IfChanged event if nothing differs. The error is work's own.
func (l *Log) Change(ctx context.Context, e Event, object Observed, work func(tx *sqldb.Tx) error) error {
	return l.db.InTx(ctx, func(tx *sqldb.Tx) error {
		if object.Lock != "" {
			if err := tx.Run(ctx, sqldb.Stmt(l.db.SQL(object.Lock), object.Args...)); err != nil {
				return err
			}
		}
		before, err := object.read(ctx, tx)
		if err != nil {
			return err
		}
		switch err := work(tx); {
		case errors.Is(err, ErrUnchanged):
			return nil
		case err != nil:
			return err
		}
		after, err := object.read(ctx, tx)
		if err != nil {
			return err
		}
		recorded := e
		if len(before) > 0 {
			recorded.Kind = cmp.Or(e.kindOfChange, e.Kind)
		}
		recorded.WorkspaceID = cmp.Or(e.WorkspaceID, after[object.Workspace], before[object.Workspace])
		recorded.Changes = append(slices.Clone(e.Changes), difference(before, after)...)
		if e.onlyIfChanged && len(recorded.Changes) == 0 {
			return nil
		}
		return l.Append(ctx, tx, recorded)
	})
}

func (o Observed) read(ctx context.Context, tx *sqldb.Tx) (map[string]string, error) {
	if o.Query == "" {
		return nil, nil
	}
	values := map[string][]string{}
	err := sqldb.Each(ctx, tx, sqldb.Read("reading the fields of an event", o.Query, o.Args...), func(row sqldb.Row) error {
		var field, value string
		err := row.Scan(&field, &value)
		if value == "" {
			return err
		}
		fields := map[string][]string{field: {value}}
		if o.Expand != nil {
			if several := o.Expand(field, value); several != nil {
				fields = several
			}
		}
		for name, list := range fields {
			values[name] = append(values[name], list...)
		}
		return err
	})
	fields := make(map[string]string, len(values))
	for field, list := range values {
		slices.Sort(list)
		fields[field] = strings.Join(list, "\n")
	}
	return fields, err
}

// maxValue is the longest value of a field that an event has, in bytes, beside the marks of what was left out.
const maxValue = 4000

// difference returns the fields that differ, by name.
func difference(before, after map[string]string) []Change {
	all := maps.Clone(after)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, before)
	var changes []Change
	for _, field := range slices.Sorted(maps.Keys(all)) {
		if before[field] != after[field] {
			changes = append(changes, bounded(field, before[field], after[field]))
		}
	}
	return changes
}

// omitted marks a place where something of a value was left out.
const omitted = "…"

// bounded returns the change of a field to a different value. Two values that are short enough are whole. Of a
// longer list it has the values that were removed and those that were added, and of a longer text what follows
// its first difference: cut from the start, both could be equal, and the change would be lost.
func bounded(field, before, after string) Change {
	if len(before) <= maxValue && len(after) <= maxValue {
		return Change{Field: field, Before: before, After: after}
	}
	kept := ""
	removed, added, unchanged := compareLists(before, after)
	if unchanged > 0 && len(removed)+len(added) > 0 {
		before, after = strings.Join(removed, "\n"), strings.Join(added, "\n")
		kept = fmt.Sprintf("%s %d unchanged", omitted, unchanged)
	}
	before, after = fromDifference(before, after)
	return Change{Field: field, Before: joined(kept, cut(before)), After: joined(kept, cut(after))}
}

// compareLists compares two lists, which are sets: their values have no white space.
func compareLists(before, after string) (removed, added []string, unchanged int) {
	old, now := strings.Fields(before), strings.Fields(after)
	for _, value := range old {
		if slices.Contains(now, value) {
			unchanged++
		} else {
			removed = append(removed, value)
		}
	}
	for _, value := range now {
		if !slices.Contains(old, value) {
			added = append(added, value)
		}
	}
	return removed, added, unchanged
}

// fromDifference leaves out the beginning that both texts share, up to some bytes for orientation, if one of
// them is too long.
func fromDifference(before, after string) (shortBefore, shortAfter string) {
	if len(before) <= maxValue && len(after) <= maxValue {
		return before, after
	}
	const shown = 100
	same := 0
	for same < min(len(before), len(after)) && before[same] == after[same] {
		same++
	}
	from := same - shown
	if from <= 0 {
		return before, after
	}
	return omitted + strings.ToValidUTF8(before[from:], ""), omitted + strings.ToValidUTF8(after[from:], "")
}

// joined puts the note about what was left out on a line before a list.
func joined(note, list string) string {
	if note == "" || list == "" {
		return note + list
	}
	return note + "\n" + list
}

// cut shortens a value so that a message with many events fits its limit.
func cut(value string) string {
	if len(value) <= maxValue {
		return value
	}
	return strings.ToValidUTF8(value[:maxValue], "") + omitted
}
