// Package table writes rows of text in aligned columns, as wide as a terminal shows them: a Chinese character or an emoji takes two
// cells of a terminal, and a combining accent none.
//
// It owns widths and cutting. It never decides what stands in a table.
package table
