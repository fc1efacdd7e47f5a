package flow

import "context"

// checkResponseType takes the code alone (RFC 9700 §2.1.2).
func checkResponseType(_ context.Context, _ Flow, a *asked) error {
	switch a.value("response_type") {
	case "code":
		return nil
	case "":
		return invalidRequest("the parameter response_type is missing")
	}
	return redirectWith("unsupported_response_type", "the parameter response_type must be code")
}
