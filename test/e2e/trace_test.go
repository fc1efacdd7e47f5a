package e2e

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc/metadata"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// The trace context that an untrusted client sends.
const (
	clientTrace   = "0af7651916cd43dd8448eb211c80319c"
	clientParent  = "00-" + clientTrace + "-b7ad6b7169203331-01"
	clientState   = "stranger=state-sentinel"
	clientBaggage = "stranger=baggage-sentinel"
)

// expectedSpan is a span that a trace must have: its service, and the prefix of its name or the
// value of an attribute.
type expectedSpan struct{ service, what string }

func (p expectedSpan) in(spans []harness.Span) bool {
	return slices.ContainsFunc(spans, func(s harness.Span) bool {
		return s.Service == p.service && (strings.HasPrefix(s.GetName(), p.what) || s.Text("db.system.name") == p.what || s.Text("db.system") == p.what)
	})
}

// orphans returns the spans whose parent is not in the trace.
func orphans(trace []harness.Span) []harness.Span {
	ids := map[string]bool{}
	for _, s := range trace {
		ids[string(s.GetSpanId())] = true
	}
	return slices.DeleteFunc(slices.Clone(trace), func(s harness.Span) bool {
		return len(s.GetParentSpanId()) == 0 || ids[string(s.GetParentSpanId())]
	})
}

// awaitTrace polls until a trace with the given root, every expected span and every parent has
// arrived: each process exports its spans by itself.
func awaitTrace(t *testing.T, spans func() []harness.Span, root string, expected ...expectedSpan) []harness.Span {
	t.Helper()
	var missing []expectedSpan
	var without []harness.Span
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		traces := map[string][]harness.Span{}
		for _, s := range spans() {
			traces[s.Trace()] = append(traces[s.Trace()], s)
		}
		for _, trace := range traces {
			if !slices.ContainsFunc(trace, func(s harness.Span) bool { return s.GetName() == root && len(s.GetParentSpanId()) == 0 }) {
				continue
			}
			missing = slices.DeleteFunc(slices.Clone(expected), func(p expectedSpan) bool { return p.in(trace) })
			without = orphans(trace)
			if len(missing) == 0 && len(without) == 0 {
				return trace
			}
		}
	}
	t.Fatalf("no trace of %s is complete: %v is missing, and the parents of %v", root, missing, without)
	return nil
}

// wantOneRoot checks that every span but one has a parent, and returns that one.
func wantOneRoot(t *testing.T, trace []harness.Span) (root harness.Span) {
	t.Helper()
	roots := 0
	for _, s := range trace {
		if len(s.GetParentSpanId()) == 0 {
			root = s
			roots++
		}
	}
	if roots != 1 {
		t.Errorf("the trace has %d roots", roots)
	}
	return root
}

// TestTraces_ARequestIsOneTraceThroughEveryProcess: from the gateway to the last SQL statement. No
// statement of authz is expected, since it may have every client in memory.
func TestTraces_ARequestIsOneTraceThroughEveryProcess(t *testing.T) {
	d := shared.Processes()
	spans, stop := d.Traces.Record()
	defer stop()
	b := d.NewBrowser()
	tokens, err := d.Issue(b, harness.Request{})
	expect.NoError(t, err)
	_, err = d.Refresh(tokens.Refresh)
	expect.NoError(t, err)
	for root, expected := range map[string][]expectedSpan{
		"GET /oauth/authorize": {{"gateway", "usher.authz.v1.AuthorizationService/StartAuthorization"}, {"authz", "usher.authz.v1."}, {"authz", "redis"}},
		"POST /signin":         {{"identity", "usher.identity.v1.SessionService/AuthenticateUser"}, {"identity", "postgresql"}, {"identity", "redis"}},
		"GET /consent":         {{"consent", "usher.consent.v1."}, {"token", "postgresql"}, {"authz", "redis"}, {"identity", "postgresql"}},
		"POST /oauth/token":    {{"gateway", "usher.token.v1.OAuthService/IssueToken"}, {"token", "usher.authz.v1."}, {"token", "postgresql"}, {"authz", "redis"}},
	} {
		trace := awaitTrace(t, spans, root, expected...)
		if at := wantOneRoot(t, trace); at.Service != "gateway" || at.GetKind() != tracev1.Span_SPAN_KIND_SERVER {
			t.Errorf("%s starts in %s as %s", root, at.Service, at.GetKind())
		}
	}
}

// TestTraces_AClientsTraceContextIsOnlyALink: the trace context of an untrusted caller becomes a
// link of the root span, and does not decide sampling.
func TestTraces_AClientsTraceContextIsOnlyALink(t *testing.T) {
	shared.Each(t, func(t *testing.T, d *harness.Deployment) {
		spans, stop := d.Traces.Record()
		defer stop()
		a := expect.Response(t, d, http.MethodGet, "/.well-known/oauth-authorization-server", "Traceparent", strings.TrimSuffix(clientParent, "1")+"0",
			"Tracestate", clientState, "Baggage", clientBaggage, "Grpc-Metadata-Traceparent", clientParent, "Grpc-Trace-Bin", "AAAA")
		expect.Equal(t, "status", a.Status, http.StatusOK)
		root := wantOneRoot(t, awaitTrace(t, spans, "GET /.well-known/oauth-authorization-server"))
		wantLinkOnly(t, root)

		// The token service's port, as a resource server.
		conn, err := d.Dial("video-api", "token")
		expect.NoError(t, err)
		defer conn.Close()
		ctx := metadata.AppendToOutgoingContext(context.Background(), "traceparent", clientParent, "tracestate", clientState, "baggage", clientBaggage,
			"usher-request-id", "request-sentinel")
		_, err = tokenv1.NewIntrospectionServiceClient(conn).IntrospectToken(ctx, &tokenv1.IntrospectTokenRequest{Token: "none"})
		expect.NoError(t, err)
		root = wantOneRoot(t, awaitTrace(t, spans, "usher.token.v1.IntrospectionService/IntrospectToken"))
		wantLinkOnly(t, root)

		for _, s := range spans() {
			if s.Trace() == clientTrace {
				t.Errorf("%s of %s is part of the client's trace", s.GetName(), s.Service)
			}
		}
		text, err := d.Traces.Text()
		expect.NoError(t, err)
		log, err := d.Log()
		expect.NoError(t, err)
		for _, sentinel := range []string{"state-sentinel", "baggage-sentinel"} {
			if strings.Contains(text, sentinel) {
				t.Errorf("a trace holds the client's %s", sentinel)
			}
		}
		if strings.Contains(log, "request-sentinel") {
			t.Error("the log has the request id that an untrusted caller sent")
		}
	})
}

func wantLinkOnly(t *testing.T, root harness.Span) {
	t.Helper()
	if links := root.GetLinks(); len(links) != 1 || hex.EncodeToString(links[0].GetTraceId()) != clientTrace || links[0].GetTraceState() != "" {
		t.Errorf("%s has the links %v, want one to the stranger's trace", root.GetName(), links)
	}
}

// TestTraces_AServicesTraceContextIsContinued: with the gateway's certificate, the same metadata is
// trusted.
func TestTraces_AServicesTraceContextIsContinued(t *testing.T) {
	d := shared.Processes()
	spans, stop := d.Traces.Record()
	defer stop()
	conn, err := d.Dial("gateway", "token")
	expect.NoError(t, err)
	defer conn.Close()
	ownTrace := strings.Replace(clientTrace, "0af7", "feed", 1)
	ctx := metadata.AppendToOutgoingContext(context.Background(), "traceparent", fmt.Sprintf("00-%s-b7ad6b7169203331-01", ownTrace))
	_, err = tokenv1.NewUserServiceClient(conn).GetUser(ctx, &tokenv1.GetUserRequest{})
	if err == nil {
		t.Error("a request without a token succeeded")
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if slices.ContainsFunc(spans(), func(s harness.Span) bool { return s.Trace() == ownTrace && s.Service == "token" }) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the gateway's call did not continue its trace")
		}
	}
}

// TestTraces_TheUpstreamReceivesOnlyOurTraceContext, and not the client's.
func TestTraces_TheUpstreamReceivesOnlyOurTraceContext(t *testing.T) {
	d := shared.Processes()
	spans, stop := d.Traces.Record()
	defer stop()
	tokens, err := d.Issue(d.NewBrowser(), harness.Request{})
	expect.NoError(t, err)
	a := expect.Response(t, d, http.MethodGet, "/v1/videos", "Authorization", "Bearer "+tokens.Access,
		"Traceparent", clientParent, "Tracestate", clientState, "Baggage", clientBaggage)
	expect.Equal(t, "status", a.Status, http.StatusOK)
	expect.Equal(t, "tracestate upstream", a.Header.Get("Saw-Tracestate"), "")
	expect.Equal(t, "baggage upstream", a.Header.Get("Saw-Baggage"), "")
	trace := awaitTrace(t, spans, "GET /v1/")
	if sent := a.Header.Get("Saw-Traceparent"); !strings.HasPrefix(sent, "00-"+trace[0].Trace()+"-") {
		t.Errorf("the upstream received the trace context %q, want %s", sent, trace[0].Trace())
	}
}
