package dialect

import (
	"net/http"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
)

// Failure is an error response of the endpoints in both dialects, for the description of the API.
type Failure struct {
	// Status, Code and Message are those of the response to JSON. Message is empty where the service
	// names the problem.
	Status        int
	Code, Message string
	// FormStatus and FormError are those of the response to a form.
	FormStatus int
	FormError  string
}

// FailureOf returns the response to a reason; ok is false for one that the endpoints do not return.
func FailureOf(reason errorv1.Reason) (f Failure, ok bool) {
	r := rowOf(reason)
	return Failure{Status: r.status, Code: r.code, Message: r.message, FormStatus: r.formStatus, FormError: r.formError},
		r.status != http.StatusInternalServerError
}
