package harness

import (
	"io"
	"net/http"
	"net/url"
	"strings"
)

// FullScope is the scope that a Request asks for unless it says otherwise.
const FullScope = "videos:read analyze:write jobs:read"

// CodeRequest is the documented token request with a code and some members replaced; a nil value
// removes the member.
func CodeRequest(code string, change map[string]any) map[string]any {
	return changed(map[string]any{
		"grant_type": "authorization_code", "code": code, "redirect_uri": CallbackURI, "client_id": ConfidentialID, "client_secret": ConfidentialPW,
	}, change)
}

// RefreshRequest is the documented refresh request with some members replaced; a nil value removes
// the member.
func RefreshRequest(token string, change map[string]any) map[string]any {
	return changed(map[string]any{
		"grant_type": "refresh_token", "refresh_token": token, "client_id": ConfidentialID, "client_secret": ConfidentialPW,
	}, change)
}

func changed(body, change map[string]any) map[string]any {
	for k, v := range change {
		body[k] = v
		if v == nil {
			delete(body, k)
		}
	}
	return body
}

// RefreshFrom refreshes a public client's token from a source address, and says it in RFC 6749's own
// media type.
func (d *Deployment) RefreshFrom(clientID, token, source string) (Response, error) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {clientID}}
	req, err := http.NewRequest(http.MethodPost, d.PublicURL+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return Response{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Forwarded-For", source)
	return Send(req)
}

// Call sends a request without a body, with headers as names and values by turns.
func (d *Deployment) Call(method, target string, headers ...string) (Response, error) {
	return d.call(method, target, nil, headers)
}

// UserAPI sends a request of document 003 with a user token, which may be empty. The response of one
// that returns a token has no Body.
func (d *Deployment) UserAPI(method, path, token, body string) (Response, error) {
	headers := []string{"Content-Type", "application/json"}
	if token != "" {
		headers = append(headers, "Authorization", "Bearer "+token)
	}
	a, err := d.call(method, path, strings.NewReader(body), headers)
	if strings.HasPrefix(a.Raw, `"`) {
		return a, nil // the document's token is a JSON string, and not an object
	}
	return a, err
}

func (d *Deployment) call(method, target string, body io.Reader, headers []string) (Response, error) {
	req, err := http.NewRequest(method, d.PublicURL+target, body)
	if err != nil {
		return Response{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	return Send(req)
}
