package dialect

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/vidocu/usher/gateway/internal/httpx"
	gw "github.com/vidocu/usher/gen/gw/usher/token/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// Endpoints serves /oauth/token, /oauth/revoke and /oauth/introspect.
type Endpoints struct {
	mux     *runtime.ServeMux
	logger  *slog.Logger
	proxies httpx.Proxies
}

// New connects the endpoints to the token service, which hears where each request came from: what the proxies say is believed.
func New(ctx context.Context, token grpc.ClientConnInterface, logger *slog.Logger, proxies httpx.Proxies) (*Endpoints, error) {
	e := &Endpoints{logger: logger, proxies: proxies}
	json := &runtime.JSONPb{MarshalOptions: protojson.MarshalOptions{UseProtoNames: true}}
	e.mux = runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, jsonBody{json}),
		runtime.WithMarshalerOption(httpx.TypeForm, formBody{json}),
		runtime.WithErrorHandler(e.fail),
		// Of what came in, the services get the Authorization header, which the runtime always hands on, and nothing else.
		runtime.WithIncomingHeaderMatcher(func(string) (string, bool) { return "", false }),
		runtime.WithOutgoingHeaderMatcher(func(string) (string, bool) { return "", false }),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithDisablePathLengthFallback(),
	)
	return e, gw.RegisterOAuthServiceHandlerClient(ctx, e.mux, sourced{tokenv1.NewOAuthServiceClient(token)})
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
	kind := httpx.MediaType(r)
	if kind != httpx.TypeJSON && kind != httpx.TypeForm {
		e.refuse(w, r, errorv1.Reason_REASON_UNSUPPORTED_MEDIA_TYPE, "send "+httpx.TypeJSON+" or "+httpx.TypeForm+", in UTF-8 and not compressed")
		return
	}
	body, err := httpx.ReadBody(w, r)
	switch {
	case errors.Is(err, httpx.ErrTooLarge):
		e.refuse(w, r, errorv1.Reason_REASON_REQUEST_TOO_LARGE, "the body is longer than 64 KiB")
		return
	case err != nil:
		e.refuse(w, r, errorv1.Reason_REASON_INVALID_REQUEST, "the body was cut off")
		return
	case !portable(r.Header["Authorization"]):
		// gRPC would not carry such a header, and with it would go that the client tried to prove itself.
		e.refuse(w, r, errorv1.Reason_REASON_INVALID_CLIENT, "the Authorization header is not readable")
		return
	}
	ctx := context.WithValue(r.Context(), sourceKey{}, e.proxies.Source(r))
	e.mux.ServeHTTP(w, inner(r, kind, body).WithContext(ctx))
}

// maxAuthorization is far more than two identifiers and a secret need.
const maxAuthorization = 4 << 10

// portable says that gRPC metadata can carry the values.
func portable(values []string) bool {
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

// inner is the request as the generated code gets it: what the endpoints read, and nothing else that came in. It has no
// query, no forwarding headers, and no Grpc- header that could set a deadline.
func inner(r *http.Request, kind string, body []byte) *http.Request {
	header := http.Header{"Content-Type": {kind}}
	if auth := r.Header["Authorization"]; len(auth) > 0 {
		header["Authorization"] = auth
	}
	in := &http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: r.URL.Path}, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
	return in.WithContext(r.Context())
}

func (e *Endpoints) refuse(w http.ResponseWriter, r *http.Request, reason errorv1.Reason, message string) {
	e.write(w, r, oerr.New(reason, message))
}

// fail is the runtime's error handler.
func (e *Endpoints) fail(
	_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error,
) {
	e.write(w, r, err)
}
