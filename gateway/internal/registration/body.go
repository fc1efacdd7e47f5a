package registration

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/vidocu/usher/gateway/internal/httpx"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// maxBody is the maximum length of a body in bytes.
const maxBody = 16 << 10

// readMembers reads the JSON object of a request.
func readMembers(w http.ResponseWriter, r *http.Request) (members, error) {
	if httpx.MediaType(r) != httpx.TypeJSON {
		return nil, oerr.New(errorv1.Reason_REASON_UNSUPPORTED_MEDIA_TYPE, "send "+httpx.TypeJSON+", in UTF-8 and not compressed")
	}
	body, err := httpx.ReadBody(w, r)
	switch {
	case errors.Is(err, httpx.ErrTooLarge) || len(body) > maxBody:
		return nil, oerr.New(errorv1.Reason_REASON_REQUEST_TOO_LARGE, "the body is longer than 16 KiB")
	case err != nil:
		return nil, oerr.Refuse(errorv1.Cause_CAUSE_BODY_MALFORMED, "the body was cut off")
	}
	return parse(body)
}

// members are the members of a JSON object. A member that is null counts as omitted.
type members map[string]json.RawMessage

// parse parses a JSON object whose members are each sent once.
func parse(body []byte) (members, error) {
	found, err := oauth.ParseObject(body)
	repeated, isRepeated := errors.AsType[oauth.RepeatedMemberError](err)
	switch {
	case isRepeated && isMember(string(repeated)):
		return nil, refuse(string(repeated), "must appear once")
	case isRepeated:
		return nil, oerr.Refuse(errorv1.Cause_CAUSE_BODY_MALFORMED, "the body has a member twice")
	case err != nil:
		return nil, oerr.Refuse(errorv1.Cause_CAUSE_BODY_MALFORMED, "the body is not one JSON object in UTF-8")
	}
	maps.DeleteFunc(found, func(_ string, value json.RawMessage) bool { return string(bytes.TrimSpace(value)) == "null" })
	return found, nil
}

// refuse returns the error of a member.
func refuse(member, problem string) error {
	cause := errorv1.Cause_CAUSE_CLIENT_METADATA_REFUSED
	if member == "redirect_uris" {
		cause = errorv1.Cause_CAUSE_REDIRECT_URI_REFUSED
	}
	return oerr.Refuse(cause, member+" "+problem, oerr.WithField(member))
}

// isMember reports whether a name is a member that this server reads.
func isMember(name string) bool {
	m := &authzv1.ClientMetadata{}
	return name == memberKeys || name == memberID || name == memberSecret || slices.Contains(forbiddenInUpdate(), name) ||
		texts(m)[name] != nil || lists(m)[name] != nil || flags(m)[name] != nil
}

// Members of another type than those below, or not metadata.
const (
	memberKeys   = "jwks"
	memberID     = "client_id"
	memberSecret = "client_secret"
)

// texts are the members of RFC 7591 §2 and of OpenID Connect that are strings.
func texts(m *authzv1.ClientMetadata) map[string]*string {
	return map[string]*string{
		"token_endpoint_auth_method": &m.TokenEndpointAuthMethod, "client_name": &m.ClientName, "client_uri": &m.ClientUri,
		"logo_uri": &m.LogoUri, "scope": &m.Scope, "tos_uri": &m.TosUri, "policy_uri": &m.PolicyUri, "jwks_uri": &m.JwksUri,
		"software_id": &m.SoftwareId, "software_version": &m.SoftwareVersion, "software_statement": &m.SoftwareStatement,
		"application_type": &m.ApplicationType, "backchannel_logout_uri": &m.BackchannelLogoutUri,
		"id_token_signed_response_alg": &m.IdTokenSignedResponseAlg, "subject_type": &m.SubjectType,
		"token_endpoint_auth_signing_alg": &m.TokenEndpointAuthSigningAlg,
	}
}

// flags are those that are true or false.
func flags(m *authzv1.ClientMetadata) map[string]*bool {
	return map[string]*bool{
		"backchannel_logout_session_required":   &m.BackchannelLogoutSessionRequired,
		"dpop_bound_access_tokens":              &m.DpopBoundAccessTokens,              // RFC 9449 §5.2
		"require_pushed_authorization_requests": &m.RequirePushedAuthorizationRequests, // RFC 9126 §6
	}
}

// lists are those that are lists of strings.
func lists(m *authzv1.ClientMetadata) map[string]*[]string {
	return map[string]*[]string{
		"redirect_uris": &m.RedirectUris, "grant_types": &m.GrantTypes, "response_types": &m.ResponseTypes, "contacts": &m.Contacts,
		"post_logout_redirect_uris": &m.PostLogoutRedirectUris,
	}
}

// metadata returns the client metadata. It ignores unknown members (RFC 7591 §2), among them
// translations such as client_name#ja.
func (m members) metadata() (*authzv1.ClientMetadata, error) {
	metadata := &authzv1.ClientMetadata{}
	for name, target := range texts(metadata) {
		if sent, ok := m[name]; ok && json.Unmarshal(sent, target) != nil {
			return nil, refuse(name, "must be a string")
		}
	}
	for name, target := range lists(metadata) {
		sent, ok := m[name]
		if !ok {
			continue
		}
		var values []*string
		if json.Unmarshal(sent, &values) != nil || slices.Contains(values, nil) {
			return nil, refuse(name, "must be a list of strings")
		}
		for _, value := range values {
			*target = append(*target, *value)
		}
	}
	for name, target := range flags(metadata) {
		if sent, ok := m[name]; ok && json.Unmarshal(sent, target) != nil {
			return nil, refuse(name, "must be true or false")
		}
	}
	if keys, ok := m[memberKeys]; ok {
		if !bytes.HasPrefix(bytes.TrimSpace(keys), []byte("{")) {
			return nil, refuse(memberKeys, "must be a JSON object")
		}
		metadata.Jwks = string(keys)
	}
	return metadata, nil
}

// forbiddenInUpdate are the members that an update must not have (RFC 7592 §2.2).
func forbiddenInUpdate() []string {
	return []string{"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"}
}

// update returns the client metadata of an update of a client, and the secret that it has; empty for
// none.
func (m members) update(clientID string) (metadata *authzv1.ClientMetadata, secret string, err error) {
	for _, name := range forbiddenInUpdate() {
		if _, sent := m[name]; sent {
			return nil, "", refuse(name, "must not be in an update (RFC 7592 section 2.2): leave it out")
		}
	}
	var id string
	if sent, ok := m[memberID]; !ok || json.Unmarshal(sent, &id) != nil || id != clientID {
		return nil, "", refuse(memberID, "must be that of the client (RFC 7592 section 2.2)")
	}
	if sent, ok := m[memberSecret]; ok && (json.Unmarshal(sent, &secret) != nil || secret == "") {
		return nil, "", refuse(memberSecret, "is not the client's secret: leave it out")
	}
	metadata, err = m.metadata()
	return metadata, secret, err
}
