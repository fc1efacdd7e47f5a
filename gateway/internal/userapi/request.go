package userapi

import (
	"errors"
	"net/http"

	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/jsonbody"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// The known members of a body.
const (
	emailAddress = "emailAddress"
	password     = "password"
	clientSecret = "clientSecret"
)

func isMember(name string) bool {
	return name == emailAddress || name == password || name == clientSecret
}

// readMembers reads the known members of a JSON body.
func readMembers(w http.ResponseWriter, r *http.Request) (map[string]string, error) {
	if httpx.MediaType(r) != httpx.TypeJSON {
		return nil, unsupported()
	}
	body, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	members, err := jsonbody.Strings(body, isMember)
	switch {
	case errors.Is(err, jsonbody.ErrNotObject):
		return nil, oerr.Refuse(errorv1.Cause_CAUSE_BODY_MALFORMED, err.Error())
	case err != nil:
		return nil, invalid(err.Error())
	}
	return members, nil
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
		return nil, oerr.New(errorv1.Reason_REASON_REQUEST_TOO_LARGE, "the body is longer than 64 KiB")
	case err != nil:
		return nil, oerr.Refuse(errorv1.Cause_CAUSE_BODY_MALFORMED, "the body was cut off")
	}
	return body, nil
}

func unsupported() error {
	return oerr.New(errorv1.Reason_REASON_UNSUPPORTED_MEDIA_TYPE, "send "+httpx.TypeJSON)
}

func invalid(problem string) error {
	return oerr.Refuse(errorv1.Cause_CAUSE_PARAMETER_MALFORMED, problem)
}
