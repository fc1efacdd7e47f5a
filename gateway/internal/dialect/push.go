package dialect

import (
	"net/http"

	"google.golang.org/grpc/metadata"

	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/refusal"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// push serves the pushed authorization request endpoint (RFC 9126 §2). The form is passed on
// undecoded: authz parses the authorization request in it as it parses a query, so that both endpoints
// have the same parameters.
func (e *Endpoints) push(w http.ResponseWriter, r *http.Request, kind string, body []byte) {
	if kind != httpx.TypeForm {
		e.refuse(w, r, errorv1.Reason_REASON_UNSUPPORTED_MEDIA_TYPE, "send "+httpx.TypeForm)
		return
	}
	req := &tokenv1.PushAuthorizationRequest{}
	if err := decodeForm(body, req); err != nil {
		e.writeError(w, r, err)
		return
	}
	if err := refuseNUL(req.ProtoReflect()); err != nil {
		e.writeError(w, r, err)
		return
	}
	req.Form = string(body) // and not a parameter of that name
	md := outside(r.Context()).metadata()
	if values := clientAuthentication(r); len(values) > 0 {
		md = metadata.Join(md, metadata.MD{"authorization": values})
	}
	res, err := tokenv1.NewOAuthServiceClient(e.config.Token).PushAuthorization(metadata.NewOutgoingContext(r.Context(), md), req)
	if err != nil {
		e.writeError(w, r, err)
		return
	}
	if refused := res.GetRefusal(); refused != nil {
		refusal.Note(r.Context(), refusal.Refusal{Cause: refused.GetCause(), ClientID: refused.GetClientId()}.
			Expecting(refused.GetExpectedParameter(), refused.GetExpected()))
		e.writeFailure(w, r, Failure{FormStatus: http.StatusBadRequest, FormError: refused.GetError(), Message: refused.GetErrorDescription()})
		return
	}
	writeJSON(w, http.StatusCreated, pushed{URI: res.GetRequestUri(), ExpiresIn: res.GetExpiresIn()})
}

// pushed is the response of RFC 9126 §2.2.
type pushed struct {
	URI       string `json:"request_uri"`
	ExpiresIn int32  `json:"expires_in"`
}
