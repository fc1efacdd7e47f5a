package requestlog_test

import (
	"net/http"
	"net/url"
	"testing"
)

// TestN1_2_ExtraSpacesAreToleratedWhereTheScopeIsRead, and in a request that is granted.
func TestN1_2_ExtraSpacesAreToleratedWhereTheScopeIsRead(t *testing.T) {
	for _, row := range []struct {
		endpoint, grantType string
		status              int
		want                string
	}{
		{"/oauth/authorize", "", http.StatusSeeOther, "scope_spaces"},
		{"/oauth/authorize", "", http.StatusBadRequest, ""},
		{"/oauth/par", "", http.StatusCreated, "scope_spaces"},
		{"/oauth/device_authorization", "", http.StatusOK, "scope_spaces"},
		{"/oauth/token", "refresh_token", http.StatusOK, "scope_spaces"},
		{"/oauth/token", "client_credentials", http.StatusOK, "scope_spaces"},
		{"/oauth/token", "client_credentials", http.StatusUnauthorized, ""},
		{"/oauth/token", "authorization_code", http.StatusOK, ""},
		{"/oauth/revoke", "", http.StatusOK, ""},
	} {
		query := url.Values{"client_id": {"app"}, "scope": {"videos:read  jobs:read"}, "grant_type": {row.grantType}}.Encode()
		if got := recorded(t, row.endpoint, query, row.status).GetKind().GetGot().GetTolerated(); got != row.want {
			t.Errorf("%s %s, status %d: %q, want %q", row.endpoint, row.grantType, row.status, got, row.want)
		}
	}
}
