package table_test

import (
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"github.com/vidocu/usher/cmd/usher/internal/table"
)

func write(t *testing.T, rows table.Rows, width int) (string, bool) {
	t.Helper()
	var out strings.Builder
	cut, err := table.Write(&out, rows, width)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), cut
}

// TestFault_C11_WideCharactersKeepTheirColumns: a cell is as wide as a terminal shows it.
func TestFault_C11_WideCharactersKeepTheirColumns(t *testing.T) {
	names := []string{"Ada", "山田 太郎", "한국어", "👩‍👩‍👧 Family", "🇩🇪 Flag", "e\u0301mile\u0301", "ＷＩＤＥ"}
	rows := table.Rows{{"NAME", "STATE"}}
	for _, name := range names {
		rows.Add(name, "|")
	}
	got, cut := write(t, rows, 0)
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	if cut || len(lines) != len(names)+1 {
		t.Fatalf("it wrote %q", got)
	}
	column := uniseg.StringWidth(strings.TrimSuffix(lines[0], "STATE"))
	for _, line := range lines[1:] {
		if at := uniseg.StringWidth(strings.TrimSuffix(line, "|")); at != column {
			t.Errorf("the second column of %q begins at %d, want %d", line, at, column)
		}
	}
	if want := uniseg.StringWidth("山田 太郎") + 2; column != want {
		t.Errorf("the second column begins at %d, want %d", column, want)
	}
}

// TestFault_C11_ATableFitsTheTerminal, the widest cells are cut between characters, and what names a row stays whole.
func TestFault_C11_ATableFitsTheTerminal(t *testing.T) {
	scopes := strings.Repeat("videos:read ", 20)
	rows := table.Rows{
		{"CLIENT", "NAME", "SCOPES", "CREATED"},
		{"vdo_client_k2v9k2v9k2v9", strings.Repeat("山", 60), scopes, "2026-11-24T06:30:00Z"},
		{"vdo_client_a", strings.Repeat("e\u0301", 60), "-", "2026-11-24T06:30:00Z"},
		{"vdo_client_b", strings.Repeat("👩‍👩‍👧", 60), "-", "2026-11-24T06:30:00Z"},
	}
	for _, width := range []int{60, 80, 120, 132} {
		got, cut := write(t, rows, width)
		if !cut {
			t.Errorf("%d: nothing was cut", width)
		}
		for _, line := range strings.Split(strings.TrimSuffix(got, "\n"), "\n") {
			if w := uniseg.StringWidth(line); w > width {
				t.Errorf("%d: a line is %d wide: %q", width, w, line)
			}
			if strings.ContainsRune(line, '\ufffd') || strings.Contains(line, "\u200d…") || strings.Contains(line, "e…") && strings.Contains(line, "vdo_client_a") {
				t.Errorf("%d: a character was cut in two: %q", width, line)
			}
		}
		if !strings.Contains(got, "vdo_client_k2v9k2v9k2v9") {
			t.Errorf("%d: the identifier was cut:\n%s", width, got)
		}
	}
	if got, cut := write(t, rows, 0); cut || !strings.Contains(got, strings.TrimSpace(scopes)) {
		t.Errorf("without a width it cut: %s", got)
	}
}

func TestTablesBelowEachOtherHaveColumnsOfTheirOwn(t *testing.T) {
	got, _ := write(t, table.Rows{{"A", "B"}, {"1", "2"}, {""}, {"a longer cell", "C", "D"}, {"1", "2", "3"}, {"one line that is alone and long"}}, 20)
	want := "A  B\n1  2\n\na lo…"
	if !strings.HasPrefix(got, want[:9]) || !strings.HasSuffix(got, "\none line that is alone and long\n") {
		t.Errorf("it wrote %q", got)
	}
}

func TestANameCannotSteerTheTerminal(t *testing.T) {
	if got, _ := write(t, table.Rows{{"a\x1b[2J\n\tb\u202e", "c"}}, 0); strings.ContainsAny(got, "\x1b\t\u202e") || strings.Count(got, "\n") != 1 {
		t.Errorf("it wrote %q", got)
	}
}

func TestAnEmptyTableIsEmpty(t *testing.T) {
	if got, cut := write(t, nil, 80); got != "" || cut {
		t.Errorf("it wrote %q", got)
	}
}
