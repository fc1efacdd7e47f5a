package openid

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// registering is a client that registers itself, or that manages its registration.
type registering struct {
	*rp

	t        *testing.T
	token    string
	address  string
	response harness.Response
}

// send sends metadata: to register the client, or to replace its registration.
func (r *registering) send(method, address, token string, metadata map[string]any) harness.Response {
	r.t.Helper()
	body, err := json.Marshal(metadata)
	expect.NoError(r.t, err)
	req, err := http.NewRequest(method, address, strings.NewReader(string(body)))
	expect.NoError(r.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := harness.Send(req)
	expect.NoError(r.t, err)
	for _, name := range []string{"client_secret", "registration_access_token"} {
		r.d.RecordSecret(name, res.Text(name))
	}
	return res
}

// metadataOf returns the metadata of a relying party with more members.
func metadataOf(more map[string]any) map[string]any {
	metadata := map[string]any{
		"redirect_uris": []string{rpCallback}, "grant_types": []string{"authorization_code", "refresh_token"}, "scope": "openid videos:read",
	}
	for name, value := range more {
		metadata[name] = value
	}
	return metadata
}

// register registers a client with an initial access token, which permits the scope openid.
func register(t *testing.T, d *harness.Deployment, more map[string]any) *registering {
	t.Helper()
	out, err := d.Operate(t.Context(), shared.Bins, "registration-tokens", "create", "test", "--scope", "openid,videos:read")
	expect.NoError(t, err)
	r := &registering{rp: &rp{d: d, browser: d.NewBrowser(), callback: rpCallback}, t: t}
	r.take(r.send(http.MethodPost, d.PublicURL+"/oauth/register", strings.TrimSpace(out), metadataOf(more)))
	return r
}

// take keeps the credentials of a response.
func (r *registering) take(res harness.Response) {
	r.response = res
	if res.Status != http.StatusCreated && res.Status != http.StatusOK {
		return
	}
	r.id, r.address, r.token = res.Text("client_id"), res.Text("registration_client_uri"), res.Text("registration_access_token")
	if secret := res.Text("client_secret"); secret != "" {
		r.secret = secret
	}
}

// update replaces the registration.
func (r *registering) update(more map[string]any) harness.Response {
	r.t.Helper()
	metadata := metadataOf(more)
	metadata["client_id"] = r.id
	res := r.send(http.MethodPut, r.address, r.token, metadata)
	r.take(res)
	return res
}

// TestOIDCRegistration_2_IDTokensAreAsRegistered: id_token_signed_response_alg and subject_type, by the rules of
// the operator's clients. An update without the algorithm returns to the default; the subject type and the
// sector never change.
func TestOIDCRegistration_2_IDTokensAreAsRegistered(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		sub := newClient(t, d, "--subject-type", "pairwise").login(t).text("sub")
		r := register(t, d, map[string]any{"id_token_signed_response_alg": "ES256", "subject_type": "pairwise"})
		read := r.send(http.MethodGet, r.address, r.token, nil)
		for what, res := range map[string]harness.Response{"the registration": r.response, "a read": read} {
			if res.Text("id_token_signed_response_alg") != "ES256" || res.Text("subject_type") != "pairwise" {
				t.Errorf("%s: %d %s", what, res.Status, res.Raw)
			}
		}
		a := r.login(t)
		if a.header["alg"] != "ES256" || a.text("sub") != sub {
			t.Errorf("an ID token has %v and the subject %q, want ES256 and that of the sector, %q", a.header, a.text("sub"), sub)
		}
		for member, more := range map[string]map[string]any{
			"subject_type":  {},
			"redirect_uris": {"subject_type": "pairwise", "redirect_uris": []string{"https://other.example/callback"}},
		} {
			if res := r.update(more); res.Status != http.StatusBadRequest || !strings.HasPrefix(res.Text("error_description"), member+" ") {
				t.Errorf("an update with %v: %d %s", more, res.Status, res.Raw)
			}
		}
		if res := r.update(map[string]any{"subject_type": "pairwise"}); res.Status != http.StatusOK || res.Body["id_token_signed_response_alg"] != nil {
			t.Errorf("an update without the algorithm: %d %s", res.Status, res.Raw)
		}
		if b := r.refresh(t, a.Text("refresh_token")); b.header["alg"] != "RS256" || b.text("sub") != sub {
			t.Errorf("afterwards an ID token has %v and the subject %q", b.header, b.text("sub"))
		}
		public := register(t, d, map[string]any{"subject_type": "public"})
		if public.login(t).text("sub") == sub {
			t.Error("a client with public subjects has a pairwise one")
		}
		if res := public.update(map[string]any{"subject_type": "pairwise"}); res.Text("error") != "invalid_client_metadata" {
			t.Errorf("public subjects become pairwise: %d %s", res.Status, res.Raw)
		}
	})
}

// TestOIDCRegistration_2_InDevelopmentOpenIDIsOpenToAll clients that register themselves, since
// libraries send it by default. In production it is the operator's to add.
func TestOIDCRegistration_2_InDevelopmentOpenIDIsOpenToAll(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		want := "openid email videos:read"
		if d.Name != "all-in-one" {
			want = "videos:read"
		}
		res, err := d.JSON("/oauth/register", metadataOf(map[string]any{"scope": "openid email videos:read"}))
		expect.NoError(t, err)
		d.RecordSecret("client_secret", res.Text("client_secret"))
		d.RecordSecret("registration_access_token", res.Text("registration_access_token"))
		expect.Equal(t, "scope", res.Text("scope"), want)
	})
}

// TestOIDCRegistration_2_WhatIsNotSupportedIsRefused, and not ignored.
func TestOIDCRegistration_2_WhatIsNotSupportedIsRefused(t *testing.T) {
	d := shared.AllInOne()
	for _, row := range []struct {
		member string
		more   map[string]any
		code   string
	}{
		{"id_token_signed_response_alg", map[string]any{"id_token_signed_response_alg": "none"}, "invalid_client_metadata"},
		{"id_token_signed_response_alg", map[string]any{"id_token_signed_response_alg": "EdDSA"}, "invalid_client_metadata"},
		{"subject_type", map[string]any{"subject_type": "private"}, "invalid_client_metadata"},
		{"redirect_uris", map[string]any{"subject_type": "pairwise", "redirect_uris": []string{rpCallback, "https://other.example/cb"}}, "invalid_redirect_uri"},
	} {
		if res := register(t, d, row.more).response; res.Status != http.StatusBadRequest || res.Text("error") != row.code ||
			!strings.HasPrefix(res.Text("error_description"), row.member+" ") {
			t.Errorf("%v: %d %s", row.more, res.Status, res.Raw)
		}
	}
}
