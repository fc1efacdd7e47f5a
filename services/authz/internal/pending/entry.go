package pending

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
)

// entry is an entry of the short-lived store.
type entry struct {
	Request
	Browser secret.Hash
	// Deadline is checked at every read, even if the store keeps the entry for longer.
	Deadline time.Time
	Viewer   Viewer
	Outcome  *Outcome
}

func (e entry) authorization(id string) Authorization {
	return Authorization{ID: id, Request: e.Request, Viewer: e.Viewer, Outcome: e.Outcome}
}

// stored is an entry as JSON. Untrusted strings are bytes, so that they are read back byte for
// byte.
type stored struct {
	oauth.AuthorizationRequest
	// RedirectURI and Scope have another encoding than in AuthorizationRequest: encoding/json takes
	// the outer of two fields with the same name.
	RedirectURI []byte `json:"uri"`
	Scope       string `json:"scope"`
	ClientName  []byte `json:"name,omitempty"`
	State       []byte `json:"state,omitempty"`
	Browser     []byte `json:"browser"`
	Deadline    int64  `json:"deadline"`
	UserID      string `json:"user,omitempty"`
	Epoch       int64  `json:"epoch,omitempty"`
	LoginHint   []byte `json:"hint,omitempty"`
	// SignIn, Account, Session and Since are the demand.
	SignIn  bool   `json:"sign_in,omitempty"`
	Account bool   `json:"account,omitempty"`
	Session []byte `json:"session,omitempty"`
	Since   int64  `json:"since,omitempty"`
	// Outcome is absent while the request waits. If it, Refusal, Device, Pushed or a key of DPoP is set,
	// Deadline is 0 and Until has the deadline: release 0.1, which has none of them, then reads the
	// entry as expired.
	Outcome    *storedOutcome `json:"outcome,omitempty"`
	Unverified bool           `json:"unverified,omitempty"`
	Refusal    *Refusal       `json:"refusal,omitempty"`
	Device     *storedDevice  `json:"device,omitempty"`
	Silent     bool           `json:"silent,omitempty"`
	OnlyUser   string         `json:"only_user,omitempty"`
	Pushed     string         `json:"pushed,omitempty"`
	ShortCode  bool           `json:"short_code,omitempty"`
	Until      int64          `json:"until,omitempty"`
}

type storedOutcome struct {
	Approved    bool   `json:"approved,omitempty"`
	UserID      string `json:"user,omitempty"`
	WorkspaceID string `json:"workspace,omitempty"`
	DisplayName string `json:"name,omitempty"`
	Scope       string `json:"scope,omitempty"`
	At          int64  `json:"at"`
	Attempt     int    `json:"attempt"`
	// AuthTime is 0 where it is not known, and Session absent for a denial.
	AuthTime int64  `json:"auth_time,omitempty"`
	Session  []byte `json:"session,omitempty"`
}

func (o Outcome) stored() *storedOutcome {
	s := &storedOutcome{
		Approved: o.Approved, UserID: o.UserID, WorkspaceID: o.WorkspaceID, DisplayName: o.DisplayName,
		Scope: o.Scope, At: o.At.UnixMicro(), Attempt: o.Attempt,
	}
	if o.Session != (secret.Hash{}) {
		s.Session = o.Session.Bytes()
	}
	if !o.AuthTime.IsZero() {
		s.AuthTime = o.AuthTime.UnixMicro()
	}
	return s
}

func (o *storedOutcome) outcome() (*Outcome, error) {
	if o == nil {
		return nil, nil //nolint:nilnil // the request waits
	}
	read := &Outcome{
		Approved: o.Approved, UserID: o.UserID, WorkspaceID: o.WorkspaceID, DisplayName: o.DisplayName,
		Scope: o.Scope, At: time.UnixMicro(o.At), Attempt: o.Attempt,
	}
	if o.AuthTime != 0 {
		read.AuthTime = time.UnixMicro(o.AuthTime)
	}
	var err error
	if o.Session != nil {
		read.Session, err = secret.HashFromBytes(o.Session)
	}
	return read, err
}

func encode(e entry) ([]byte, error) {
	s := stored{
		AuthorizationRequest: e.AuthorizationRequest, RedirectURI: []byte(e.RedirectURI), Scope: e.Scope.String(),
		ClientName: []byte(e.ClientName), State: []byte(e.State), Browser: e.Browser.Bytes(), Deadline: e.Deadline.UnixMicro(),
		UserID: e.Viewer.UserID, Epoch: e.Viewer.Epoch, Refusal: e.Refusal,
		LoginHint: []byte(e.LoginHint), Unverified: e.Unverified, Silent: e.Silent, OnlyUser: e.Demand.UserID, Pushed: e.PushedID, ShortCode: e.ShortCode, SignIn: e.Demand.SignIn, Account: e.Demand.Account,
	}
	if e.Demand.SignIn || e.Demand.Account {
		s.Session = e.Demand.Session.Bytes()
		if !e.Demand.Since.IsZero() {
			s.Since = e.Demand.Since.UnixMicro()
		}
	}
	if e.Device != nil {
		s.Device = e.Device.stored()
	}
	if s.laterThanRelease01(e.Outcome != nil) {
		s.Until, s.Deadline = s.Deadline, 0
	}
	if o := e.Outcome; o != nil {
		s.Outcome = o.stored()
	}
	value, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encoding an authorization: %w", err)
	}
	return value, nil
}

// laterThanRelease01 reports whether release 0.1 would read the entry as something else than it is.
func (s stored) laterThanRelease01(decided bool) bool {
	return decided || s.Refusal != nil || s.Device != nil || s.Pushed != "" || s.DPoPKey != ""
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
	request := s.AuthorizationRequest
	request.RedirectURI = string(s.RedirectURI)
	if request.Scope, err = oauth.ParseScope(s.Scope); err != nil && (s.Refusal == nil || s.Scope != "") {
		return entry{}, fmt.Errorf("decoding an authorization: %w", err)
	}
	demand, err := s.demand()
	if err != nil {
		return entry{}, fmt.Errorf("decoding an authorization: %w", err)
	}
	device, err := s.Device.device()
	if err != nil {
		return entry{}, fmt.Errorf("decoding an authorization: %w", err)
	}
	e := entry{
		Request: Request{
			AuthorizationRequest: request, ClientName: string(s.ClientName), State: string(s.State),
			LoginHint: string(s.LoginHint), Demand: demand, Unverified: s.Unverified, Refusal: s.Refusal, Device: device, Silent: s.Silent,
			PushedID: s.Pushed, ShortCode: s.ShortCode,
		},
		Browser:  browser,
		Deadline: time.UnixMicro(s.Deadline),
		Viewer:   Viewer{UserID: s.UserID, Epoch: s.Epoch},
	}
	if s.laterThanRelease01(s.Outcome != nil) {
		e.Deadline = time.UnixMicro(s.Until)
	}
	if e.Outcome, err = s.Outcome.outcome(); err != nil {
		return entry{}, fmt.Errorf("decoding an authorization: %w", err)
	}
	return e, nil
}

func (s stored) demand() (Demand, error) {
	if !s.SignIn && !s.Account {
		return Demand{UserID: s.OnlyUser}, nil
	}
	session, err := secret.HashFromBytes(s.Session)
	demand := Demand{SignIn: s.SignIn, Account: s.Account, Session: session, UserID: s.OnlyUser}
	if s.Since != 0 {
		demand.Since = time.UnixMicro(s.Since)
	}
	return demand, err
}

// key hashes the identifier, so that it cannot be read from the store.
func key(id string) string {
	hash := secret.Sum(id)
	return "authz:pending:" + base64.RawURLEncoding.EncodeToString(hash[:])
}
