package operations

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// block is one fenced piece of a page that holds commands.
type block struct {
	// line is where it begins, heading what stands above it.
	line          int
	heading, text string
	// run says that it is run here; by names the test that runs the like of it; untested says why nobody does.
	run          bool
	by, untested string
}

// fence is ```sh and one of: test, by TestName, untested: why.
var fence = regexp.MustCompile("^```sh(?: (test)| by (Test\\w+)| untested: (.+))?$") //nolint:gochecknoglobals // never changed

// read finds a page's blocks. Every block of commands must say what becomes of it.
func read(path string) ([]block, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var blocks []block
	var open *block
	other := false // within a block that holds no commands
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
				return nil, fmt.Errorf("%s:%d: say what runs these commands: ```sh test, ```sh by TestName or ```sh untested: why", path, i+1)
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
