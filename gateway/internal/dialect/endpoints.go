package dialect

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/requestlog"
	gw "github.com/vidocu/usher/gen/gw/usher/token/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/proofheader"
	"github.com/vidocu/usher/internal/platform/source"
)

// Endpoints serves /oauth/token, /oauth/revoke, /oauth/introspect, /oauth/device_authorization and
// /oauth/par.
type Endpoints struct {
	config   Config
	failures map[errorv1.Reason]Failure
	mux      *runtime.ServeMux
}

// Config is the configuration of Endpoints.
type Config struct {
	// Token is the connection to the token service.
	Token   grpc.ClientConnInterface
	Logger  *slog.Logger
	Proxies httpx.Proxies
	// ErrorDocsURL is the page that error_uri links to; empty for none.
	ErrorDocsURL string
}

// New returns the endpoints.
func New(ctx context.Context, config Config) (*Endpoints, error) {
	e := &Endpoints{config: config, failures: failures()}
	json := &runtime.JSONPb{MarshalOptions: protojson.MarshalOptions{UseProtoNames: true}}
	e.mux = runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, bodyMarshaler{json, decodeJSON}),
		runtime.WithMarshalerOption(httpx.TypeForm, bodyMarshaler{json, decodeForm}),
		runtime.WithErrorHandler(e.handleError),
		// The services receive the Authorization header, which the runtime always forwards, and no
		// other header of the request.
		runtime.WithIncomingHeaderMatcher(func(string) (string, bool) { return "", false }),
		runtime.WithOutgoingHeaderMatcher(func(string) (string, bool) { return "", false }),
		runtime.WithMetadata(func(ctx context.Context, _ *http.Request) metadata.MD { return outside(ctx).metadata() }),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithDisablePathLengthFallback(),
	)
	return e, gw.RegisterOAuthServiceHandlerClient(ctx, e.mux, tokenv1.NewOAuthServiceClient(config.Token))
}

// ServeHTTP is http.Handler.
func (e *Endpoints) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Pragma", "no-cache")
	if r.Method != http.MethodPost {
		header.Set("Allow", http.MethodPost)
		e.refuse(w, r, errorv1.Reason_REASON_METHOD_NOT_ALLOWED, "use POST")
		return
	}
	kind := readableType(r)
	if kind != httpx.TypeJSON && kind != httpx.TypeForm {
		accepted := httpx.TypeJSON + " or " + httpx.TypeForm
		if r.URL.Path == oauth.PushPath {
			accepted = httpx.TypeForm
		}
		e.refuse(w, r, errorv1.Reason_REASON_UNSUPPORTED_MEDIA_TYPE, "send "+accepted+", in UTF-8 and not compressed")
		return
	}
	body, err := httpx.ReadBody(w, r)
	switch {
	case errors.Is(err, httpx.ErrTooLarge):
		e.refuse(w, r, errorv1.Reason_REASON_REQUEST_TOO_LARGE, "the body is longer than 64 KiB")
		return
	case err != nil:
		e.writeError(w, r, oerr.Refuse(errorv1.Cause_CAUSE_BODY_MALFORMED, "the body was cut off"))
		return
	case !fitsMetadata(clientAuthentication(r)):
		// gRPC metadata cannot hold the value, and without it the service would see no client
		// authentication.
		e.writeError(w, r, oerr.Refuse(errorv1.Cause_CAUSE_AUTHENTICATION_MALFORMED, "the Authorization header is not readable"))
		return
	}
	requestlog.NoteBody(r.Context(), kind, body)
	if name := misplaced(r, body); name != "" {
		e.writeError(w, r, invalid(errorv1.Cause_CAUSE_PARAMETER_MISSING, name, "is in the query: send it in the body"))
		return
	}
	proof, ok := proofheader.Metadata(r.Header["Dpop"])
	if !ok {
		e.writeError(w, r, oerr.Refuse(errorv1.Cause_CAUSE_PROOF_MALFORMED, "the header DPoP is not readable"))
		return
	}
	r = r.WithContext(context.WithValue(r.Context(), outsideKey, fromOutside{source: e.config.Proxies.Source(r), proof: proof}))
	if r.URL.Path == oauth.PushPath {
		e.push(w, r.WithContext(context.WithValue(r.Context(), bodyKey, body)), kind, body)
		return
	}
	e.mux.ServeHTTP(w, innerRequest(r, kind, body))
}

// misplaced returns a parameter of the query of a request without a body; empty for none. The endpoints
// read the body alone (RFC 6749 §2.3.1, §3.2).
func misplaced(r *http.Request, body []byte) string {
	if len(body) > 0 {
		return ""
	}
	query := r.URL.Query()
	for _, name := range []string{"grant_type", "token", "client_id"} {
		if query.Has(name) {
			return name
		}
	}
	return ""
}

// readableType returns the media type that a body is parsed as: a body without one is a form
// (docs/wire-contract.md §4), because several libraries send revocation requests so. It returns an
// empty string where the body cannot be parsed.
func readableType(r *http.Request) string {
	if untypedForm(r) && r.Header.Get("Content-Encoding") == "" {
		return httpx.TypeForm
	}
	return httpx.MediaType(r)
}

func untypedForm(r *http.Request) bool { return r.Method == http.MethodPost && httpx.Untyped(r) }

// clientAuthentication returns the values of the Authorization header that may authenticate a
// client: all of them where one is HTTP Basic, none otherwise. Another scheme is not client
// authentication and is ignored (docs/wire-contract.md §4): OAuth libraries' sessions send the
// access token with every request, including revocation requests.
func clientAuthentication(r *http.Request) []string {
	values := r.Header["Authorization"]
	if !slices.ContainsFunc(values, func(value string) bool {
		_, err := oauth.ParseBasic(value)
		return !errors.Is(err, oauth.ErrNotBasic)
	}) {
		return nil
	}
	return values
}

// fromOutside is what the services get of a request besides its body and its client authentication,
// for the generated code.
type fromOutside struct {
	// source is the network address.
	source string
	// proof is the metadata of the header DPoP; nil without one.
	proof metadata.MD
}

// contextKey is the type of the package's context keys.
type contextKey int

const (
	// outsideKey is the key of fromOutside.
	outsideKey contextKey = iota
	// bodyKey is the key of the body, for the error handler: the runtime has consumed the request's body
	// by then.
	bodyKey
)

func outside(ctx context.Context) fromOutside {
	from, _ := ctx.Value(outsideKey).(fromOutside)
	return from
}

func (f fromOutside) metadata() metadata.MD { return metadata.Join(source.Metadata(f.source), f.proof) }

// maxAuthorization is the maximum length of the Authorization values in bytes, far more than two
// identifiers and a secret.
const maxAuthorization = 4 << 10

// fitsMetadata reports whether gRPC metadata can hold the values.
func fitsMetadata(values []string) bool {
	length := 0
	for _, value := range values {
		if length += len(value); length > maxAuthorization {
			return false
		}
		for i := range len(value) {
			if c := value[i]; c < ' ' || c > '~' {
				return false
			}
		}
	}
	return true
}

// innerRequest returns the request for the generated code, with only what the endpoints read. It
// has no query, no forwarding headers, and no Grpc- header that could set a deadline.
func innerRequest(r *http.Request, kind string, body []byte) *http.Request {
	header := http.Header{"Content-Type": {kind}}
	if values := clientAuthentication(r); len(values) > 0 {
		header["Authorization"] = values
	}
	in := &http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: r.URL.Path}, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: header, Body: &bufferedBody{Reader: bytes.NewReader(body)}, ContentLength: int64(len(body)),
	}
	return in.WithContext(context.WithValue(r.Context(), bodyKey, body))
}

// Problem writes the error response of a request that the endpoints did not serve, in the request's
// dialect.
func (e *Endpoints) Problem(w http.ResponseWriter, r *http.Request, status int) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	e.writeFailure(w, r, problemOf(status))
}

func (e *Endpoints) refuse(w http.ResponseWriter, r *http.Request, reason errorv1.Reason, message string) {
	e.writeError(w, r, oerr.New(reason, message))
}

// handleError is the runtime's error handler.
func (e *Endpoints) handleError(
	_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error,
) {
	if body, ok := r.Body.(*bufferedBody); ok && body.err != nil {
		err = body.err
	}
	e.writeError(w, r, err)
}
