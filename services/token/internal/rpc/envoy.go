package rpc

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"

	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/services/token/internal/access"
)

// Envoy serves Envoy's external authorization filter (envoy.service.auth.v3), which sends a check
// for every request to a proxy and returns the response of a denial by itself.
type Envoy struct {
	authv3.UnimplementedAuthorizationServer

	Decider access.Decider
	// KeepAuthorization passes the Authorization header on to the upstream behind Envoy.
	KeepAuthorization bool
	Logger            *slog.Logger
}

// The headers' names as Envoy spells them.
const (
	authorizationHeader = "authorization"
	proofHeader         = "dpop"
)

// Check decides whether a request may call its endpoint. When the decision cannot be made it denies
// with 503 and returns no error, since a filter with failure_mode_allow would let the request
// through on an error.
func (s *Envoy) Check(ctx context.Context, req *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	http := req.GetAttributes().GetRequest().GetHttp()
	path, _, _ := strings.Cut(http.GetPath(), "?")
	sent := enforce.ReadCredential(headerValues(http, authorizationHeader), headerValues(http, proofHeader))
	identity, denial, err := s.Decider.Decide(ctx, access.Request{
		Credential: sent, Method: http.GetMethod(), Path: path, Source: downstream(req),
	})
	switch {
	case errors.Is(err, context.Canceled):
		return nil, err
	case err != nil:
		s.Logger.WarnContext(ctx, "a request from Envoy cannot be checked", "error", err)
		return denied(enforce.Unavailable()), nil
	case denial != nil:
		return denied(denial), nil
	}
	return s.allowed(identity, http), nil
}

// downstream returns the client's address as Envoy determined it: with use_remote_address and
// xff_num_trusted_hops from X-Forwarded-For, else the peer's. It is empty for a client without an IP
// address.
func downstream(req *authv3.CheckRequest) string {
	return req.GetAttributes().GetSource().GetAddress().GetSocketAddress().GetAddress()
}

// headerValues returns the values of a header. Envoy joins several by a comma, which neither a token
// nor a proof has, or lists them one by one where encode_raw_headers is set.
func headerValues(http *authv3.AttributeContext_HttpRequest, name string) []string {
	if value, ok := http.GetHeaders()[name]; ok {
		return []string{value}
	}
	var values []string
	for _, h := range http.GetHeaderMap().GetHeaders() {
		if !strings.EqualFold(h.GetKey(), name) {
			continue
		}
		if raw := h.GetRawValue(); len(raw) > 0 {
			values = append(values, string(raw))
		} else {
			values = append(values, h.GetValue())
		}
	}
	return values
}

// okResponse is the response to an allowed request in one allocation, since a busy proxy gets
// thousands of them a second.
type okResponse struct {
	response authv3.CheckResponse
	http     authv3.CheckResponse_OkResponse
	ok       authv3.OkHttpResponse
	status   statuspb.Status
	options  [5]corev3.HeaderValueOption
	values   [5]corev3.HeaderValue
	set      [5]*corev3.HeaderValueOption
	// remove is large enough for the headers that are usually removed from a request.
	remove [13]string
}

func (s *Envoy) allowed(identity enforce.Identity, http *authv3.AttributeContext_HttpRequest) *authv3.CheckResponse {
	p := &okResponse{}
	set, remove := p.set[:0], p.remove[:0]
	for i, h := range identity.Headers() {
		if h.Value == "" {
			// The caller's header of this name is removed, also where Envoy does not include it in
			// the check.
			remove = append(remove, strings.ToLower(h.Name))
			continue
		}
		p.values[i].Key, p.values[i].Value = h.Name, h.Value
		p.options[i].Header, p.options[i].AppendAction = &p.values[i], corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD
		set = append(set, &p.options[i])
	}
	if !s.KeepAuthorization {
		remove = append(remove, authorizationHeader, proofHeader)
	}
	// Envoy may not include these in the check. Removing an absent header is not an error.
	remove = append(remove, enforce.MisleadingHeaders()...)
	p.ok.Headers, p.ok.HeadersToRemove = set, removeReserved(remove, set, http)
	p.http.OkResponse = &p.ok
	p.response.Status, p.response.HttpResponse = &p.status, &p.http
	return &p.response
}

// removeReserved adds the caller's headers with reserved names, or with an odd spelling of a header
// that misleads servers. Envoy removes after it sets, so the names in set, which overwrite the
// caller's, must not be among them.
func removeReserved(remove []string, set []*corev3.HeaderValueOption, http *authv3.AttributeContext_HttpRequest) []string {
	add := func(name string) {
		isSet := func(o *corev3.HeaderValueOption) bool { return strings.EqualFold(o.GetHeader().GetKey(), name) }
		if (enforce.Reserved(name) || enforce.Misleading(name)) && !slices.Contains(remove, name) && !slices.ContainsFunc(set, isSet) {
			remove = append(remove, name)
		}
	}
	for name := range http.GetHeaders() {
		add(name)
	}
	for _, h := range http.GetHeaderMap().GetHeaders() {
		add(h.GetKey())
	}
	return remove
}

func denied(d *enforce.Denial) *authv3.CheckResponse {
	headers := []*corev3.HeaderValueOption{
		// CORS: a browser may read a denial from any origin, as at the gateway's /v1, since no
		// cookie is involved.
		overwrite("Access-Control-Allow-Origin", "*"), overwrite("Access-Control-Expose-Headers", enforce.ExposedHeaders),
	}
	for _, header := range d.Headers() {
		headers = append(headers, overwrite(header.Name, header.Value))
	}
	return &authv3.CheckResponse{
		Status: &statuspb.Status{Code: int32(codeOf(d))},
		HttpResponse: &authv3.CheckResponse_DeniedResponse{DeniedResponse: &authv3.DeniedHttpResponse{
			Status:  &typev3.HttpStatus{Code: typev3.StatusCode(d.Status)},
			Headers: headers, Body: string(d.JSON()),
		}},
	}
}

// codeOf returns the gRPC code of a denial: Envoy requires any but OK, and counts them in its
// statistics.
func codeOf(d *enforce.Denial) codes.Code {
	switch d.Code {
	case enforce.CodeAuthentication:
		return codes.Unauthenticated
	case enforce.CodeNotFound:
		return codes.NotFound
	case enforce.CodeUnavailable:
		return codes.Unavailable
	}
	return codes.PermissionDenied
}

func overwrite(name, value string) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{
		Header:       &corev3.HeaderValue{Key: name, Value: value},
		AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}
}
