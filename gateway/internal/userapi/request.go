package userapi

import (
	"errors"
	"net/http"
	"strings"

	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/jsonbody"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/userfield"
)

func isMember(name string) bool {
	return name == userfield.EmailAddress || name == userfield.Password || name == userfield.ClientSecret
}

// readAuthentication reads the known members of a JSON body.
func readAuthentication(w http.ResponseWriter, r *http.Request) (userfield.Authentication, error) {
	if httpx.MediaType(r) != httpx.TypeJSON {
		return userfield.Authentication{}, unsupported()
	}
	body, err := readBody(w, r)
	if err != nil {
		return userfield.Authentication{}, err
	}
	members, err := jsonbody.Strings(body, isMember)
	if err != nil {
		return userfield.Authentication{}, oerr.Refuse(errorv1.Cause_CAUSE_BODY_MALFORMED, err.Error())
	}
	field := func(name string) userfield.Field {
		member, sent := members[name]
		return userfield.Field{Value: member.Value, Sent: sent, Fault: member.Problem}
	}
	request := userfield.Authentication{
		EmailAddress: field(userfield.EmailAddress), Password: field(userfield.Password), ClientSecret: field(userfield.ClientSecret),
	}
	return request, invalid(request.Problems())
}

// ignoreBody is for endpoints without parameters: an empty body may have any media type, any other
// must be JSON, whose content is ignored.
func ignoreBody(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodGet {
		return nil
	}
	body, err := readBody(w, r)
	if err == nil && len(body) > 0 && httpx.MediaType(r) != httpx.TypeJSON {
		return unsupported()
	}
	return err
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := httpx.ReadBody(w, r)
	switch {
	case errors.Is(err, httpx.ErrTooLarge):
		return nil, oerr.New(errorv1.Reason_REASON_REQUEST_TOO_LARGE, "the body is longer than 64 KiB: send only the documented members")
	case err != nil:
		return nil, oerr.Refuse(errorv1.Cause_CAUSE_BODY_MALFORMED, "the body was cut off")
	}
	return body, nil
}

func unsupported() error {
	return oerr.New(errorv1.Reason_REASON_UNSUPPORTED_MEDIA_TYPE, "send Content-Type: "+httpx.TypeJSON)
}

// invalid refuses a request that has problems.
func invalid(problems []string) error {
	if len(problems) == 0 {
		return nil
	}
	return oerr.Refuse(errorv1.Cause_CAUSE_PARAMETER_MALFORMED, strings.Join(problems, problemSeparator))
}
