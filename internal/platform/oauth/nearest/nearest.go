// Package nearest finds the known name that is most similar to a wrong one.
//
// It owns the distance between names (Damerau-Levenshtein edits), and never decides how the result
// is used.
package nearest

// Name returns the known name that is nearest to the wrong one; empty if none is within the number
// of edits.
func Name(wrong string, known []string, within int) string {
	best, distance := "", within+1
	for _, name := range known {
		if d := edits(wrong, name); d < distance {
			best, distance = name, d
		}
	}
	return best
}

// edits returns the number of letters to add, drop, change or swap with their neighbour to turn one
// name into the other.
func edits(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
