package userapi

import (
	"net/http"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
)

// ExceptionOf returns the response to a reason, for the description of the API; ok is false for one
// that the endpoints do not return.
func ExceptionOf(reason errorv1.Reason) (status int, name string, ok bool) {
	status, name = rowOf(reason)
	return status, name, status != http.StatusInternalServerError
}

// HasDetails reports whether the response to a reason says what to change, for the description of the API.
func HasDetails(reason errorv1.Reason) bool { return hasDetails(reason) }
