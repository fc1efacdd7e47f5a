package netpol

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

const heading = "# Derived from the callers at each RPC, in proto/, by `make netpol`. Do not edit.\n"

// Render writes the policies for the edges, as the documents of one YAML file.
func Render(edges []Edge) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(heading)
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	for _, p := range policies(edges) {
		if err := enc.Encode(p); err != nil {
			return nil, fmt.Errorf("writing the policy %s: %w", p.Metadata.Name, err)
		}
	}
	if err := enc.Close(); err != nil {
		return nil, fmt.Errorf("writing the policies: %w", err)
	}
	return out.Bytes(), nil
}
