package arch

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// marker returns the text that begins a line of a comment, by the ending of the file's name.
func marker(name string) string {
	switch ext := path.Ext(name); {
	case ext == ".go" || ext == ".proto":
		return "//"
	case ext == ".sql" || ext == ".lua":
		return "--"
	case ext == ".sh" || ext == ".yaml" || ext == ".yml" || ext == ".conf" || ext == ".cfg":
		return "#"
	case path.Base(name) == "Makefile" || path.Base(name) == "Dockerfile" || path.Base(name) == "Caddyfile":
		return "#"
	}
	return ""
}

// prose reads the comments and help texts of a source file, or a document as one block.
func prose(root fs.FS, name string) ([]block, error) {
	document := path.Ext(name) == ".md"
	if !document && marker(name) == "" {
		return nil, nil
	}
	data, err := fs.ReadFile(root, name)
	if err != nil {
		return nil, err
	}
	text := string(data)
	if document {
		return []block{{path: name, line: 1, text: withoutCode(text)}}, nil
	}
	if strings.HasPrefix(text, "// Code generated") {
		return nil, nil
	}
	return append(comments(name, text), helpTexts(name, text)...), nil
}

// comments joins comment lines that follow each other, so that an expression may span a line break.
// A comment behind a statement is a block of its own.
func comments(name, text string) []block {
	var blocks []block
	last := -2
	for i, line := range strings.Split(text, "\n") {
		comment, alone := commentOf(line, marker(name))
		switch {
		case comment == "":
			continue
		case alone && last == i-1:
			blocks[len(blocks)-1].text += "\n" + comment
		default:
			blocks = append(blocks, block{path: name, line: i + 1, text: comment, comment: true})
		}
		if alone {
			last = i
		}
	}
	for i := range blocks {
		blocks[i].text = withoutCode(blocks[i].text)
	}
	return blocks
}

// helpTag matches the tag of a setting, a command or a flag that operators read.
var helpTag = regexp.MustCompile(`\bhelp:"([^"]*)"`)

// helpTexts returns the help texts of a Go file.
func helpTexts(name, text string) []block {
	if path.Ext(name) != ".go" {
		return nil
	}
	var blocks []block
	for _, at := range helpTag.FindAllStringSubmatchIndex(text, -1) {
		blocks = append(blocks, block{path: name, line: 1 + strings.Count(text[:at[0]], "\n"), text: text[at[2]:at[3]]})
	}
	return blocks
}

// commentOf returns the comment of a line and whether the line holds nothing else. A marker within
// a string literal is preceded by a quote or a character of it, hence the blank before it.
func commentOf(line, marker string) (comment string, alone bool) {
	trimmed := strings.TrimSpace(line)
	if rest, ok := strings.CutPrefix(trimmed, marker); ok {
		return strings.TrimSpace(rest) + " ", true
	}
	code, rest, ok := strings.Cut(line, " "+marker+" ")
	if !ok || strings.Count(code, `"`)%2 == 1 || strings.Count(code, "`")%2 == 1 {
		return "", false
	}
	return rest, false
}

// quoted matches fenced and inline code, quotations and the targets of links.
var quoted = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`|\"[^\"]*\"|\\]\\([^)]*\\)")

// withoutCode blanks code and quotations, keeping the line breaks.
func withoutCode(text string) string {
	return quoted.ReplaceAllStringFunc(text, func(s string) string {
		return "_" + strings.Repeat("\n", strings.Count(s, "\n"))
	})
}
