package apidoc

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/vidocu/usher/gateway/internal/dialect"
	"github.com/vidocu/usher/gateway/internal/openapi"
	"github.com/vidocu/usher/gateway/internal/userapi"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
)

// The values of x-errors in the frame: the formats of error responses.
const (
	dialects   = "dialects"
	flat       = "flat"
	exceptions = "exceptions"
)

// failure is an error response: a status, a name and the body.
type failure struct {
	status int
	name   string
	body   openapi.Node
}

// addErrors adds the error responses of each operation in its format.
func (d description) addErrors() error {
	for _, path := range d.Get("paths").Members() {
		for _, operation := range path.Value.Members() {
			format := operation.Value.Get("x-errors").String()
			if format == "" {
				continue
			}
			operation.Value.Without("x-errors")
			failures, err := failuresOf(format)
			if err != nil {
				return fmt.Errorf("%s %s: %w", operation.Name, path.Name, err)
			}
			d.addResponses(operation.Value.Child("responses"), format, failures)
		}
	}
	return nil
}

// addResponses adds a response for each status of the failures, where the frame has none.
func (d description) addResponses(responses openapi.Node, format string, failures []failure) {
	byStatus := map[int][]failure{}
	var statuses []int
	for _, f := range failures {
		if byStatus[f.status] == nil {
			statuses = append(statuses, f.status)
		}
		byStatus[f.status] = append(byStatus[f.status], f)
	}
	slices.Sort(statuses)
	for _, status := range statuses {
		code, name := strconv.Itoa(status), format+strconv.Itoa(status)
		d.Child("components").Child("responses").With(name, errorResponse(format, status, byStatus[status]))
		if !responses.Get(code).Exists() {
			responses.With(code, openapi.Ref("responses/"+name))
		}
	}
}

// errorResponse returns the response with a status.
func errorResponse(format string, status int, failures []failure) openapi.Node {
	examples := openapi.Object()
	for _, f := range failures {
		examples.With(f.name, openapi.Object().With("value", f.body))
	}
	media := openapi.Object().With("schema", errorSchema(format)).With("examples", examples)
	response := openapi.Object().With("description", openapi.Text(http.StatusText(status)+"."))
	headers := openapi.Object()
	switch status {
	case http.StatusUnauthorized:
		headers.With("WWW-Authenticate", openapi.Ref("headers/Challenge"))
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		headers.With("Retry-After", openapi.Ref("headers/RetryAfter"))
	}
	if len(headers.Members()) > 0 {
		response.With("headers", headers)
	}
	return response.With("content", openapi.Object().With("application/json", media))
}

func errorSchema(format string) openapi.Node {
	switch format {
	case flat:
		return openapi.Ref("schemas/OAuthError")
	case exceptions:
		return openapi.Ref("schemas/Exception")
	}
	return openapi.Object().With("oneOf", openapi.List(openapi.Ref("schemas/DocumentedError"), openapi.Ref("schemas/OAuthError")))
}

// failuresOf returns the error responses of a format: those of the gateway's table for each reason,
// and a fault of the server.
func failuresOf(format string) ([]failure, error) {
	if format != dialects && format != flat && format != exceptions {
		return nil, fmt.Errorf("x-errors is %q", format)
	}
	var all []failure
	for _, number := range slices.Sorted(maps.Keys(errorv1.Reason_name)) {
		reason := errorv1.Reason(number) // REASON_UNSPECIFIED is a fault of the server
		if format == exceptions {
			status, name, ok := userapi.ExceptionOf(reason)
			if ok || reason == errorv1.Reason_REASON_UNSPECIFIED {
				all = append(all, exceptionOf(status, name, userapi.HasDetails(reason)))
			}
			continue
		}
		f, ok := dialect.FailureOf(reason)
		if !ok && reason != errorv1.Reason_REASON_UNSPECIFIED {
			continue
		}
		if format == dialects {
			all = append(all, documentedOf(f))
		}
		all = append(all, flatOf(f))
	}
	return all, nil
}

// problem stands in an example for a message that names the problem of a request.
const problem = "…"

func messageOf(f dialect.Failure) openapi.Node {
	if f.Message == "" {
		return openapi.Text(problem)
	}
	return openapi.Text(f.Message)
}

func documentedOf(f dialect.Failure) failure {
	body := openapi.Object().With("error", openapi.Object().With("code", openapi.Text(f.Code)).With("message", messageOf(f)))
	return failure{f.Status, f.Code + " (JSON)", body}
}

func flatOf(f dialect.Failure) failure {
	body := openapi.Object().With("error", openapi.Text(f.FormError)).With("error_description", messageOf(f))
	return failure{f.FormStatus, f.FormError + " (form)", body}
}

func exceptionOf(status int, name string, hasDetails bool) failure {
	details := openapi.List()
	if hasDetails {
		details = openapi.List(openapi.Text(problem))
	}
	body := openapi.Object().With("name", openapi.Text(name)).
		With("incidentId", openapi.Text("167c0274-515e-4f16-a309-449c9573e9c6")).With("exceptionDetails", details)
	return failure{status, name, body}
}
