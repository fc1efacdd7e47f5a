package pending

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// entry is what the short-lived store keeps.
type entry struct {
	Request
	Browser secret.Hash
	// Deadline is checked at every read, also where the store would have kept the entry for longer.
	Deadline time.Time
	Viewer   Viewer
}

func (e entry) authorization(id string) Authorization {
	return Authorization{ID: id, Request: e.Request, Viewer: e.Viewer}
}

// stored is an entry as JSON. Texts from outside are bytes, so that they come back byte for byte.
type stored struct {
	ClientID      string `json:"client"`
	ClientName    []byte `json:"name,omitempty"`
	RedirectURI   []byte `json:"uri"`
	Scope         string `json:"scope"`
	State         []byte `json:"state,omitempty"`
	CodeChallenge string `json:"challenge,omitempty"`
	Browser       []byte `json:"browser"`
	Deadline      int64  `json:"deadline"`
	UserID        string `json:"user,omitempty"`
	Epoch         int64  `json:"epoch,omitempty"`
}

func encode(e entry) ([]byte, error) {
	value, err := json.Marshal(stored{
		ClientID: e.ClientID, ClientName: []byte(e.ClientName), RedirectURI: []byte(e.RedirectURI),
		Scope: e.Scope.String(), State: []byte(e.State), CodeChallenge: e.CodeChallenge,
		Browser: e.Browser.Bytes(), Deadline: e.Deadline.UnixMicro(),
		UserID: e.Viewer.UserID, Epoch: e.Viewer.Epoch,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding an authorization: %w", err)
	}
	return value, nil
}

func decode(value []byte) (entry, error) {
	var s stored
	if err := json.Unmarshal(value, &s); err != nil {
		return entry{}, fmt.Errorf("decoding an authorization: %w", err)
	}
	browser, err := secret.HashFromBytes(s.Browser)
	if err != nil {
		return entry{}, fmt.Errorf("decoding an authorization: %w", err)
	}
	scope, err := oauth.ParseScope(s.Scope)
	if err != nil {
		return entry{}, fmt.Errorf("decoding an authorization: %w", err)
	}
	return entry{
		Request: Request{
			ClientID: s.ClientID, ClientName: string(s.ClientName), RedirectURI: string(s.RedirectURI),
			Scope: scope, State: string(s.State), CodeChallenge: s.CodeChallenge,
		},
		Browser:  browser,
		Deadline: time.UnixMicro(s.Deadline),
		Viewer:   Viewer{UserID: s.UserID, Epoch: s.Epoch},
	}, nil
}

// key hides the identifier, so that who reads the store cannot name a request.
func key(id string) string {
	hash := secret.Sum(id)
	return "authz:pending:" + base64.RawURLEncoding.EncodeToString(hash[:])
}
