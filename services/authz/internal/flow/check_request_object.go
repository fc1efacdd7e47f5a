package flow

import (
	"context"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// checkRequestObject refuses request objects (RFC 9101 §5). A request object is never decoded and a
// request_uri never fetched.
func checkRequestObject(_ context.Context, _ Flow, a *request) error {
	switch {
	case a.push && a.value("request_uri") != "": // RFC 9126 §2.1
		return invalidRequest(cause.RequestURIPushed, "the parameter request_uri cannot be in a pushed request: send the parameters themselves")
	case a.value("request") != "":
		return redirectWith(cause.RequestObjectUnsupported, "request_not_supported", "the parameter request is not supported: send the parameters themselves")
	case a.value("request_uri") != "":
		return redirectWith(cause.RequestObjectUnsupported, "request_uri_not_supported", "the parameter request_uri is not supported: send the parameters themselves")
	}
	return nil
}
