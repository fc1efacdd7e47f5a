package rpc

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/grpc/metadata"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
)

// bodyCredentials are the client credentials in a request's body.
type bodyCredentials struct {
	id        string
	secret    string
	assertion string
}

// credentials reads the client authentication (RFC 6749 §2.3): in the body or by HTTP Basic, never
// both. It returns the readings of one method, likeliest first; none when the request does not name
// a client.
func credentials(ctx context.Context, body bodyCredentials) ([]oauth.ClientCredentials, error) {
	if body.assertion != "" {
		return nil, refuse(errorv1.Cause_CAUSE_PARAMETER_UNSUPPORTED, "client_assertion", "is not supported: send client_secret or HTTP Basic")
	}
	md, _ := metadata.FromIncomingContext(ctx)
	headers := md.Get("authorization")
	switch {
	case !triesBasic(headers):
	case len(headers) > 1:
		return nil, refuse(errorv1.Cause_CAUSE_AUTHENTICATION_TWICE, "authorization", "header is repeated")
	default:
		return basic(headers[0], body)
	}
	switch {
	case body.id == "" && body.secret == "":
		return nil, nil
	case body.id == "":
		return nil, refuse(errorv1.Cause_CAUSE_CLIENT_NOT_NAMED, "client_id", "is required with client_secret")
	}
	return []oauth.ClientCredentials{{ID: body.id, Secret: secret.New(body.secret)}}, nil
}

// triesBasic reports whether a header is an attempt at HTTP Basic. A header of another scheme is
// not client authentication: a bearer token beside a valid secret in the body is ignored, and only
// two client authentications in one request are refused (RFC 6749 §2.3).
func triesBasic(headers []string) bool {
	return slices.ContainsFunc(headers, func(header string) bool {
		_, err := oauth.ParseBasic(header)
		return !errors.Is(err, oauth.ErrNotBasic)
	})
}

// basic parses a Basic header: form-decoded as RFC 6749 §2.3.1 requires, then raw, since widespread
// libraries do not encode.
func basic(header string, body bodyCredentials) ([]oauth.ClientCredentials, error) {
	if body.secret != "" {
		return nil, refuse(errorv1.Cause_CAUSE_AUTHENTICATION_TWICE, "client_secret", "is sent twice: use either HTTP Basic or the body")
	}
	creds, err := oauth.ParseBasic(header)
	if errors.Is(err, oauth.ErrBasicMalformed) {
		return nil, oerr.Refuse(errorv1.Cause_CAUSE_AUTHENTICATION_MALFORMED, "the Authorization header is not usable client authentication")
	}
	if err != nil {
		return nil, err
	}
	if body.id != "" && body.id != creds.Decoded.ID && body.id != creds.Raw.ID {
		return nil, refuse(errorv1.Cause_CAUSE_AUTHENTICATION_TWICE, "client_id", "differs from the one in the Authorization header")
	}
	return creds.Candidates(), nil
}

func invalid(field, problem string) error {
	return refuse(errorv1.Cause_CAUSE_PARAMETER_MALFORMED, field, problem)
}

// missing refuses a request without a required field.
func missing(field string) error {
	return refuse(errorv1.Cause_CAUSE_PARAMETER_MISSING, field, "is required")
}

// refuse returns an error that names a field and its problem.
func refuse(cause errorv1.Cause, field, problem string) error {
	return oerr.Refuse(cause, field+" "+problem, oerr.WithField(field))
}
