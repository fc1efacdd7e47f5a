package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/jose"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/dynamic"
)

// expand is outbox.Observed.Expand: stored times, keys and metadata as the audit trail shows them.
func expand(field, value string) map[string][]string {
	switch field {
	case "expire_time":
		return map[string][]string{field: {instant(value)}}
	case "secret_ends", "key_ends":
		at := strings.LastIndex(value, " ") + 1 // an identifier may have spaces too
		return map[string][]string{field: {value[:at] + instant(value[at:])}}
	case "key_thumbprints":
		return map[string][]string{field: thumbprint(value)}
	case "metadata":
		return metadataFields(value)
	}
	return nil
}

// instant formats microseconds since 1970.
func instant(micros string) string {
	n, err := strconv.ParseInt(micros, 10, 64)
	if err != nil {
		return micros // the database formats every number so
	}
	return time.UnixMicro(n).UTC().Format(time.RFC3339)
}

// thumbprint returns the identifier and the thumbprint of a stored key, behind its identifier: another key may
// have the same identifier and name. PostgreSQL has bytes as text in hexadecimal digits.
func thumbprint(value string) []string {
	at := strings.LastIndex(value, " \\x")
	text := value
	if at >= 0 {
		decoded, err := hex.DecodeString(value[at+3:])
		if err != nil {
			return nil
		}
		text = string(decoded)
	} else if at = strings.Index(value, " {"); at >= 0 {
		text = value[at+1:]
	}
	key, err := jose.ParseKey([]byte(text))
	if err != nil {
		return nil
	}
	return []string{key.ID + " " + key.Thumbprint()}
}

// metadataFields returns the members of the metadata of a client that registered itself, by their names in
// RFC 7591. Of contacts, which are addresses of users, it has the number and a part of a hash, by which
// lists differ.
func metadataFields(stored string) map[string][]string {
	var m dynamic.Metadata
	if err := json.Unmarshal([]byte(stored), &m); err != nil {
		return map[string][]string{}
	}
	fields := map[string][]string{
		"post_logout_redirect_uris": m.PostLogoutURIs, "contacts": contacts(m.Contacts), "key_thumbprints": nil,
	}
	for name, value := range map[string]string{
		"token_endpoint_auth_method": m.AuthMethod, "client_uri": m.URI, "logo_uri": m.LogoURI, "tos_uri": m.TermsURI, "policy_uri": m.PolicyURI,
		"jwks_uri": m.KeysURI, "software_id": m.SoftwareID, "software_version": m.SoftwareVersion, "backchannel_logout_uri": m.LogoutURI,
		"backchannel_logout_session_required": yes(m.LogoutSessionRequired), "dpop_bound_access_tokens": yes(m.DPoPRequired),
		"require_pushed_authorization_requests": yes(m.PushRequired), "id_token_signed_response_alg": m.IDTokenAlgorithm,
		"token_endpoint_auth_signing_alg": m.KeyAlgorithm, "subject_type": m.SubjectType,
	} {
		fields[name] = []string{value}
	}
	if m.Keys != "" {
		if keys, err := client.ParseKeySet(m.Keys); err == nil {
			for _, key := range keys {
				fields["key_thumbprints"] = append(fields["key_thumbprints"], key.ID+" "+key.Thumbprint())
			}
		}
	}
	maps.DeleteFunc(fields, func(_ string, values []string) bool { return strings.Join(values, "") == "" })
	return fields
}

func yes(set bool) string {
	if set {
		return "yes"
	}
	return ""
}

func contacts(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	sum := sha256.Sum256([]byte(strings.Join(list, "\n")))
	return []string{fmt.Sprintf("%d (%x)", len(list), sum[:4])}
}
