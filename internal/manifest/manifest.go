package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// maxSize bounds a manifest, in bytes.
const maxSize = 4 << 20

// Client is a client of a manifest. A member that is left out has its default.
type Client struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`
	// Type is confidential, the default, or public.
	Type          string   `yaml:"type,omitempty"`
	RedirectURIs  []string `yaml:"redirect_uris,omitempty"`
	Scopes        []string `yaml:"scopes,omitempty"`
	DefaultScopes []string `yaml:"default_scopes,omitempty"`
	// GrantTypes are those of oauth.DefaultGrantTypes by default, and none for a client that is only
	// a resource server.
	GrantTypes []string `yaml:"grant_types,omitempty"`
	// Workspace is the workspace in which the client gets tokens for itself.
	Workspace string `yaml:"workspace,omitempty"`
	// ApplicationType is native, web or empty.
	ApplicationType string `yaml:"application_type,omitempty"`
	ResourceServer  bool   `yaml:"resource_server,omitempty"`
	Unverified      bool   `yaml:"unverified,omitempty"`
	// Reuse is subject, the default, or family.
	Reuse string `yaml:"reuse,omitempty"`
	// RefreshRetry is the client's own retry window, in whole seconds; nil is the deployment's.
	RefreshRetry *time.Duration `yaml:"refresh_retry,omitempty"`
	// Publisher, Purpose, ClientURI, PolicyURI and TosURI describe the client to users.
	Publisher string `yaml:"publisher,omitempty"`
	Purpose   string `yaml:"purpose,omitempty"`
	ClientURI string `yaml:"client_uri,omitempty"`
	PolicyURI string `yaml:"policy_uri,omitempty"`
	TosURI    string `yaml:"tos_uri,omitempty"`
	// OptionalScopes are those that a user may leave out.
	OptionalScopes []string `yaml:"optional_scopes,omitempty"`
	// IDTokenAlg is the algorithm of the client's ID tokens; RS256 by default, and ES256 with the profile fapi2.
	IDTokenAlg string `yaml:"id_token_signed_response_alg,omitempty"`
	// SubjectType is public, the default, or pairwise.
	SubjectType            string   `yaml:"subject_type,omitempty"`
	PostLogoutRedirectURIs []string `yaml:"post_logout_redirect_uris,omitempty"`
	// LogoutURI is where the client gets logout tokens.
	LogoutURI             string `yaml:"backchannel_logout_uri,omitempty"`
	LogoutSessionRequired bool   `yaml:"backchannel_logout_session_required,omitempty"`
	// RequirePAR and DPoPBound are requirements of RFC 9126 §6 and RFC 9449 §5.2.
	RequirePAR bool `yaml:"require_pushed_authorization_requests,omitempty"`
	DPoPBound  bool `yaml:"dpop_bound_access_tokens,omitempty"`
	// Profile is none, the default, or fapi2.
	Profile string `yaml:"profile,omitempty"`
	// AllowReservedName says that the client is the operator's own.
	AllowReservedName bool `yaml:"allow_reserved_name,omitempty"`
}

// Parse reads a manifest, YAML or JSON: one document with the list `clients`. It refuses unknown
// members, clients without an identifier or a name, and an identifier that is there twice.
func Parse(r io.Reader) ([]Client, error) {
	clients, err := decode(r)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i := range clients {
		c := &clients[i]
		fault := c.complete()
		if fault == "" && c.ID == "" {
			fault = "id is required: it is how the client is found again"
		}
		if fault != "" {
			return nil, fmt.Errorf("client %d (%s): %s", i+1, c.ID, fault)
		}
		if seen[c.ID] {
			return nil, fmt.Errorf("client %d (%s): the id is there twice", i+1, c.ID)
		}
		seen[c.ID] = true
	}
	return clients, nil
}

// ParseNew reads the manifest of one client that is to be registered with a generated identifier: it drops
// the one that the file may have.
func ParseNew(r io.Reader) (*Client, error) {
	clients, err := decode(r)
	if err != nil {
		return nil, err
	}
	if len(clients) != 1 {
		return nil, errors.New("it must have one client")
	}
	c := &clients[0]
	c.ID = ""
	if fault := c.complete(); fault != "" {
		return nil, errors.New(fault)
	}
	return c, nil
}

var errNoClients = errors.New("it has no clients: they are a list at the top, such as " +
	"clients: [{id: vdo_client_sync, name: Sync, redirect_uris: [https://sync.example.com/cb], scopes: [videos:read]}]")

// decode reads the clients of a manifest as the file has them.
func decode(r io.Reader) ([]Client, error) {
	var file struct {
		Clients []Client `yaml:"clients"`
	}
	decoder := yaml.NewDecoder(io.LimitReader(r, maxSize))
	decoder.KnownFields(true)
	err := decoder.Decode(&file)
	var other *yaml.TypeError // it is YAML, and not a manifest
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty")
	case errors.As(err, &other) && len(file.Clients) == 0:
		return nil, errNoClients
	case err != nil:
		return nil, errors.New(readable(err))
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("it must be one document")
	}
	if len(file.Clients) == 0 {
		return nil, errNoClients
	}
	return file.Clients, nil
}

// readable returns the text of a YAML error on one line, without the names of Go types.
func readable(err error) string {
	text := strings.NewReplacer(
		"not found in type manifest.Client", "is unknown in a client (a manifest has no secrets)",
		"not found in type struct", "is unknown: the list is `clients`; type",
		"into manifest.Client", "into a client", "\n", " ",
	).Replace(err.Error())
	return strings.Join(strings.Fields(text), " ")
}

// complete sets the defaults of the members that were left out. It returns the first fault of those
// that no request can carry.
func (c *Client) complete() (fault string) {
	c.Type = cmp.Or(c.Type, typeConfidential)
	c.SubjectType = cmp.Or(c.SubjectType, subjectPublic)
	c.Reuse = cmp.Or(c.Reuse, string(oauth.ReuseSubject))
	c.Profile = cmp.Or(c.Profile, noProfile)
	c.IDTokenAlg = cmp.Or(c.IDTokenAlg, usualAlgorithm(c.Profile))
	if authorizes := !c.ResourceServer || len(c.RedirectURIs)+len(c.Scopes) > 0; authorizes && len(c.GrantTypes) == 0 {
		c.GrantTypes = oauth.DefaultGrantTypes()
	}
	for _, text := range []*string{&c.Name, &c.Publisher, &c.Purpose} {
		*text = strings.TrimSpace(*text)
	}
	for _, member := range []struct {
		name, value string
		allowed     []string
	}{
		{"type", c.Type, []string{typeConfidential, typePublic}},
		{"application_type", c.ApplicationType, []string{"", typeNative, typeWeb}},
		{"id_token_signed_response_alg", c.IDTokenAlg, oauth.IDTokenAlgorithms()},
		{"subject_type", c.SubjectType, []string{subjectPublic, subjectPairwise}},
		{"profile", c.Profile, []string{noProfile, profileFAPI2}},
		{"reuse", c.Reuse, []string{string(oauth.ReuseSubject), string(oauth.ReuseFamily)}},
	} {
		if !slices.Contains(member.allowed, member.value) {
			return fmt.Sprintf("%s must be %s", member.name, oauth.JoinNames(slices.DeleteFunc(member.allowed, func(s string) bool { return s == "" }), "or"))
		}
	}
	switch {
	case c.Name == "":
		return "name is required"
	case c.RefreshRetry != nil && (*c.RefreshRetry < 0 || *c.RefreshRetry > oauth.MaxRefreshRetry || *c.RefreshRetry%time.Second != 0):
		return "refresh_retry must be whole seconds from 0s to 30s"
	}
	return ""
}
