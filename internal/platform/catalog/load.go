package catalog

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ErrInvalid is an invalid catalog file; the text after it names the line and the fault.
var ErrInvalid = errors.New("invalid catalog")

//go:embed default.yaml
var defaultYAML string

// Default returns the catalog of the documents, which is compiled in.
func Default() *Catalog {
	c, err := parse([]byte(defaultYAML))
	if err != nil {
		// Unreachable: the file is part of the program, and a test reads it.
		panic(err)
	}
	return c
}

// Load reads and validates the operator's file. It returns the error of reading it, or ErrInvalid
// for the first invalid line.
func Load(path string) (*Catalog, error) {
	text, err := read(path)
	if err != nil {
		return nil, err
	}
	return parseFile(path, text)
}

// Parse validates the text of a file, for catalogs that are not in a file. It returns ErrInvalid for
// the first invalid line.
func Parse(text []byte) (*Catalog, error) { return parse(text) }

func read(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading catalog: %w", err)
	}
	return text, nil
}

func parseFile(path string, text []byte) (*Catalog, error) {
	c, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("reading catalog %s: %w", path, err)
	}
	return c, nil
}

func parse(text []byte) (*Catalog, error) {
	root, err := document(text)
	if err != nil {
		return nil, err
	}
	parts, err := fieldsWith(root, []string{"scopes", "endpoints", "plans"}, "resources")
	if err != nil {
		return nil, err
	}
	scopes, err := readScopes(parts["scopes"])
	if err != nil {
		return nil, err
	}
	endpoints, err := readEndpoints(parts["endpoints"], scopes)
	if err != nil {
		return nil, err
	}
	plans, err := readPlans(parts["plans"], endpoints)
	if err != nil {
		return nil, err
	}
	resources, err := readResources(parts["resources"], scopes)
	if err != nil {
		return nil, err
	}
	return newCatalog(sections{Scopes: scopes, Endpoints: endpoints, Plans: plans, Resources: resources})
}

// document reads the one YAML document of a file.
func document(text []byte) (*yaml.Node, error) {
	docs, err := documents(text)
	switch {
	case err != nil:
		return nil, syntaxFault(text, err)
	case len(docs) == 0:
		return nil, fmt.Errorf("%w: line 1: the file is empty", ErrInvalid)
	case len(docs) > 1:
		return nil, faultAt(docs[1], "a second document")
	}
	return docs[0].Content[0], nil
}

func documents(text []byte) (docs []*yaml.Node, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var doc yaml.Node
		switch err := decoder.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return docs, nil
		case err != nil:
			return nil, err
		}
		docs = append(docs, &doc)
	}
}

// syntaxFault finds the line of an error of the library, which names no line for some errors and a
// wrong one for others: it is the last line of the shortest prefix of the file that fails with the
// same error.
func syntaxFault(text []byte, err error) error {
	lines := bytes.SplitAfter(text, []byte("\n"))
	before := sort.Search(len(lines)-1, func(i int) bool {
		_, again := documents(bytes.Join(lines[:i+1], nil))
		return again != nil && again.Error() == err.Error()
	})
	what := strings.TrimPrefix(err.Error(), "yaml: ")
	if _, after, found := strings.Cut(what, ": "); found && strings.HasPrefix(what, "line ") {
		what = after
	}
	return fmt.Errorf("%w: line %d: %s", ErrInvalid, before+1, what)
}
