package table

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// Rows are a table. The first row is its head. A row of one cell is not aligned with others and never cut; an empty one begins
// another table below, with columns of its own.
type Rows [][]string

// Add appends a row.
func (r *Rows) Add(cells ...string) { *r = append(*r, cells) }

// AddGiven appends a row of a name and its value, unless the value is empty.
func (r *Rows) AddGiven(name, value string) {
	if value != "" {
		r.Add(name, value)
	}
}

const (
	// gap is between two columns.
	gap = "  "
	// minWidth is the narrowest that a column is cut to.
	minWidth = 8
	// ellipsis ends a cell that was cut. It is one cell wide.
	ellipsis = "…"
)

// Write writes a table that is at most width cells wide, and reports whether cells were cut for that. A width of 0 cuts nothing.
// Control characters and those that turn the direction of text are replaced, so that a name cannot steer the terminal.
func Write(out io.Writer, rows Rows, width int) (cut bool, err error) {
	var text strings.Builder
	for len(rows) > 0 {
		n := block(rows)
		cut = rows[:n].write(&text, width) || cut
		rows = rows[n:]
	}
	if _, err := io.WriteString(out, text.String()); err != nil {
		return cut, fmt.Errorf("writing a table: %w", err)
	}
	return cut, nil
}

// block is how many of the first rows share their columns: all before the next row of one cell, or that row alone.
func block(rows Rows) int {
	for i, row := range rows {
		if len(row) <= 1 {
			return max(i, 1)
		}
	}
	return len(rows)
}

// write writes rows of one block.
func (r Rows) write(text *strings.Builder, width int) (cut bool) {
	clean := make(Rows, len(r))
	for i, row := range r {
		clean[i] = make([]string, len(row))
		for j, cell := range row {
			clean[i][j] = Harmless(cell)
		}
	}
	if len(clean[0]) <= 1 {
		width = 0
	}
	natural := clean.widths()
	limits := fit(natural, width)
	for _, row := range clean {
		line := ""
		for j, cell := range row {
			line += pad(shorten(cell, limits[j]), limits[j]) + gap
		}
		text.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	for j := range natural {
		cut = cut || limits[j] < natural[j]
	}
	return cut
}

// widths are the columns' own.
func (r Rows) widths() []int {
	var widths []int
	for _, row := range r {
		for j, cell := range row {
			if j == len(widths) {
				widths = append(widths, 0)
			}
			widths[j] = max(widths[j], uniseg.StringWidth(cell))
		}
	}
	return widths
}

// fit returns widths that fit together into a line: the widest column is made narrower until they do. The first column, which holds
// what names a row in the next command, is cut last. Where even minWidth is too much, lines are longer than the terminal.
func fit(natural []int, width int) []int {
	fitted := append([]int{}, natural...)
	if width <= 0 {
		return fitted
	}
	for total(fitted) > width {
		widest := 0
		for j := 1; j < len(fitted); j++ {
			if fitted[j] > minWidth && (widest == 0 || fitted[j] > fitted[widest]) {
				widest = j
			}
		}
		if fitted[widest] <= minWidth {
			break
		}
		fitted[widest]--
	}
	return fitted
}

func total(widths []int) int {
	sum := len(gap) * (len(widths) - 1)
	for _, w := range widths {
		sum += w
	}
	return sum
}

// shorten cuts a cell between two characters as a reader counts them, so that no accent or part of an emoji is left behind.
func shorten(cell string, width int) string {
	if uniseg.StringWidth(cell) <= width {
		return cell
	}
	var kept strings.Builder
	used := uniseg.StringWidth(ellipsis)
	for rest, state := cell, -1; rest != ""; {
		var cluster string
		var w int
		cluster, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used+w > width {
			break
		}
		used += w
		kept.WriteString(cluster)
	}
	return kept.String() + ellipsis
}

func pad(cell string, width int) string {
	return cell + strings.Repeat(" ", max(width-uniseg.StringWidth(cell), 0))
}

// Harmless replaces control characters and those that turn the direction of text.
func Harmless(cell string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, cell)
}
