package run

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vidocu/usher/internal/platform/hostport"
)

// ClientDocuments is the section `client_documents`: which clients may describe themselves in a
// document at the URL that is their client_id
// (draft-ietf-oauth-client-id-metadata-document).
type ClientDocuments struct {
	Mode   string   `koanf:"mode" help:"apps whose client_id is the URL of a document that describes them: off, allowlist (those of hosts) or open (those of any host)"`
	Hosts  []string `koanf:"hosts" help:"hosts of such documents, exact names, with a port if it is not 443: client.example, other.example:8443"`
	Scopes []string `koanf:"scopes" for:"authz" help:"scopes that such apps may request; empty: those that the protected resources of the catalog need at least"`
}

// The values of ClientDocuments.Mode.
const (
	DocumentsOff       = "off"
	DocumentsAllowlist = "allowlist"
	DocumentsOpen      = "open"
)

// defaultClientDocuments accepts the documents of well-known clients of the Model Context Protocol.
func defaultClientDocuments() ClientDocuments {
	return ClientDocuments{Mode: DocumentsAllowlist, Hosts: []string{"claude.ai", "chatgpt.com", "vscode.dev"}}
}

// On reports whether any document is accepted.
func (c ClientDocuments) On() bool {
	return c.Mode == DocumentsOpen || c.Mode == DocumentsAllowlist && len(c.Hosts) > 0
}

// Ports returns the hosts with a port of their own.
func (c ClientDocuments) Ports() []string {
	return slices.DeleteFunc(slices.Clone(c.Hosts), func(host string) bool { return !strings.Contains(host, ":") })
}

func (c ClientDocuments) validate() error {
	var faults []error
	switch c.Mode {
	case DocumentsOff, DocumentsAllowlist, DocumentsOpen:
	default:
		faults = append(faults, errors.New("client_documents.mode must be off, allowlist or open"))
	}
	for _, host := range c.Hosts {
		if !validHost(host) {
			faults = append(faults, fmt.Errorf("client_documents.hosts: %q must be a host name such as client.example, in lower case", host))
		}
	}
	return errors.Join(faults...)
}

func validHost(host string) bool {
	if strings.Contains(host, ":") {
		return host == strings.ToLower(host) && hostport.ValidateList(host) == nil
	}
	return host != "" && strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}
