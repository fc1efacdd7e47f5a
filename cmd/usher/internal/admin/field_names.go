package admin

import (
	"context"
	"path"
	"regexp"
	"strings"
)

// fieldNames are what the fields of a request are called where a person set them: the flags of the command. It is nil where the
// person wrote the fields' own names, as in a manifest.
type fieldNames map[string]string

// flagsOf are the flags that set the fields of a method's request.
func flagsOf(method string) fieldNames {
	names := fieldNames{ //nolint:gosec // names of fields and flags, and no credential
		"allow_reserved_name": "--allow-reserved-name", "allowed_addresses": "--address", "application_type": "--application-type",
		"backchannel_logout_uri": "--backchannel-logout-uri", "client_uri": "--client-uri", "default_scopes": "--default-scope",
		"dpop_bound_access_tokens": "--dpop-bound", "grant_types": "--grant-type", "id_token_signed_response_alg": "--id-token-alg",
		"jwk": "--jwks", "jwks": "--jwks", "jwks_uri": "--jwks-uri", "lifetime_seconds": "--lifetime", "optional_scopes": "--optional-scope",
		"overlap_seconds": "--overlap", "page_token": "--cursor", "policy_uri": "--policy-uri",
		"post_logout_redirect_uris": "--post-logout-redirect-uri", "profile": "--profile", "publisher": "--publisher", "purpose": "--purpose",
		"redirect_uris": "--redirect-uri", "refresh_retry_seconds": "--refresh-retry", "replace_keys": "--replace-keys",
		"require_pushed_authorization_requests": "--require-par", "scopes": "--scope", "subject_type": "--subject-type",
		"token_endpoint_auth_signing_alg": "--signing-alg", "tos_uri": "--tos-uri", "uses": "--uses",
	}
	switch path.Base(method) {
	case "AddClientKey", "UpdateClientKey":
		names["lifetime_seconds"] = "--expires-in"
	case "CreateClient":
		names["client_id"], names["workspace_id"] = "--id", "--workspace"
	case "UpdateClient", "CreateAuthenticationApp":
		names["workspace_id"] = "--workspace"
	case "CreateWorkspace":
		names["workspace_id"] = "--id"
	case "DecideAppRequest":
		names["answer"] = "--word"
	}
	return names
}

// apply replaces the names of fields in an error: the one that it begins with, and any other that no sentence has because it is
// several words in one.
func (f fieldNames) apply(text string) string {
	if f == nil {
		return text
	}
	if rest, ok := strings.CutPrefix(text, "client_id is of "); ok {
		return f.apply("it is " + rest)
	}
	first := true
	return regexp.MustCompile(`[a-z]+(_[a-z]+)*`).ReplaceAllStringFunc(text, func(word string) string {
		begins := first
		first = false
		if name, ok := f[word]; ok && (begins && strings.HasPrefix(text, word) || strings.Contains(word, "_")) {
			return name
		}
		return word
	})
}

// asManifest is the context of calls whose fields a manifest has under their own names.
func asManifest(ctx context.Context) context.Context {
	return context.WithValue(ctx, manifestKey{}, true)
}

type manifestKey struct{}

// namesFor returns what the fields of a call are called.
func namesFor(ctx context.Context, method string) fieldNames {
	if ctx.Value(manifestKey{}) != nil {
		return nil
	}
	return flagsOf(method)
}
