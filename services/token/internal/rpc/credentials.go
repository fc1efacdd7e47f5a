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
	"github.com/vidocu/usher/services/token/internal/grant"
)

// credentialFields are the parameters that authenticate a client, which all requests have.
type credentialFields interface {
	GetClientId() string
	GetClientSecret() string
	GetClientAssertion() string
	GetClientAssertionType() string
}

// credentials reads the client authentication (RFC 6749 §2.3): a secret in the body, HTTP Basic or
// an assertion, never two of them. The result is empty when the request does not name a client.
func credentials(ctx context.Context, body credentialFields) (grant.Credentials, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	headers := md.Get("authorization")
	byBasic := triesBasic(headers)
	switch {
	case body.GetClientAssertion() != "" || body.GetClientAssertionType() != "":
		return assertion(body, byBasic)
	case !byBasic:
	case len(headers) > 1:
		return grant.Credentials{}, refuse(errorv1.Cause_CAUSE_AUTHENTICATION_TWICE, "authorization", "header is repeated")
	default:
		readings, err := basic(headers[0], body)
		return grant.Credentials{Readings: readings}, err
	}
	switch {
	case body.GetClientId() == "" && body.GetClientSecret() == "":
		return grant.Credentials{}, nil
	case body.GetClientId() == "":
		return grant.Credentials{}, refuse(errorv1.Cause_CAUSE_CLIENT_NOT_NAMED, "client_id", "is required with client_secret")
	}
	return grant.Credentials{Readings: []oauth.ClientCredentials{{ID: body.GetClientId(), Secret: secret.New(body.GetClientSecret())}}}, nil
}

// assertion reads a client assertion (RFC 7521 §4.2), which must be the only authentication.
func assertion(body credentialFields, byBasic bool) (grant.Credentials, error) {
	switch {
	case body.GetClientAssertion() == "":
		return grant.Credentials{}, missing("client_assertion")
	case byBasic:
		return grant.Credentials{}, refuse(errorv1.Cause_CAUSE_AUTHENTICATION_TWICE, "client_assertion", "excludes HTTP Basic: use one of them")
	case body.GetClientSecret() != "":
		return grant.Credentials{}, refuse(errorv1.Cause_CAUSE_AUTHENTICATION_TWICE, "client_assertion", "excludes client_secret: use one of them")
	case body.GetClientAssertionType() == "":
		return grant.Credentials{}, missing("client_assertion_type")
	case body.GetClientAssertionType() != oauth.JWTBearerAssertion:
		return grant.Credentials{}, refuse(errorv1.Cause_CAUSE_PARAMETER_UNSUPPORTED, "client_assertion_type", "must be "+oauth.JWTBearerAssertion)
	}
	return grant.Credentials{Assertion: secret.New(body.GetClientAssertion()), ClientID: body.GetClientId()}, nil
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
func basic(header string, body credentialFields) ([]oauth.ClientCredentials, error) {
	if body.GetClientSecret() != "" {
		return nil, refuse(errorv1.Cause_CAUSE_AUTHENTICATION_TWICE, "client_secret", "is sent twice: use either HTTP Basic or the body")
	}
	creds, err := oauth.ParseBasic(header)
	if errors.Is(err, oauth.ErrBasicMalformed) {
		return nil, oerr.Refuse(errorv1.Cause_CAUSE_AUTHENTICATION_MALFORMED, "the Authorization header is not usable client authentication")
	}
	if err != nil {
		return nil, err
	}
	if id := body.GetClientId(); id != "" && id != creds.Decoded.ID && id != creds.Raw.ID {
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
