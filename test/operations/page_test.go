package operations

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// block is one fenced block of commands of a page.
type block struct {
	// line is the number of its first line, heading the one above it.
	line          int
	heading, text string
	// run reports whether this package runs it; by is the test that runs equivalent commands;
	// untested is the reason why no test does.
	run          bool
	by, untested string
}

// fence matches ```sh and one of: test, by TestName, untested: why.
var fence = regexp.MustCompile("^```sh(?: (test)| by (Test\\w+)| untested: (.+))?$") //nolint:gochecknoglobals // never changed

// readBlocks returns a page's blocks of commands, each of which must state how it is tested.
func readBlocks(path string) ([]block, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var blocks []block
	var open *block
	other := false // within a block of another language
	heading := ""
	for i, line := range strings.Split(string(raw), "\n") {
		switch {
		case open != nil && line == "```":
			blocks, open = append(blocks, *open), nil
		case open != nil:
			open.text += line + "\n"
		case other:
			other = line != "```"
		case strings.HasPrefix(line, "```sh"):
			m := fence.FindStringSubmatch(line)
			if m == nil || m[1]+m[2]+m[3] == "" {
				return nil, fmt.Errorf("%s:%d: state what runs these commands: ```sh test, ```sh by TestName or ```sh untested: why", path, i+1)
			}
			open = &block{line: i + 1, heading: heading, run: m[1] != "", by: m[2], untested: m[3]}
		case strings.HasPrefix(line, "```"):
			other = true
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
	}
	if open != nil || other {
		return nil, fmt.Errorf("%s ends within a block", path)
	}
	return blocks, nil
}
