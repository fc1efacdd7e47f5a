package config

import (
	"fmt"
	"strings"
)

// didYouMean proposes the known name that is nearest to a wrong one; nothing when none is near.
func didYouMean(wrong string, known []string) string {
	best, distance := "", len(strings.TrimPrefix(wrong, Prefix))/3+1
	for _, name := range known {
		if d := edits(wrong, name); d < distance {
			best, distance = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %s?", best)
}

// edits is how many letters to add, drop, change or swap with their neighbour it takes to make one name of the other.
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
