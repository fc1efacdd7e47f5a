package attack

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"

	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/rpcs"
)

// services returns the processes that serve RPCs.
func services() []string { return []string{"identity", "authz", "token", "consent", "activity"} }

// serves reports whether a process serves an RPC: each that has events serves those of EventService.
func serves(service string, m rpcs.Method) bool {
	return m.Service() == service || m.Service() == "event" && service != "activity"
}

// bytesCodec sends bytes unchanged, valid messages or not.
type bytesCodec struct{}

// Marshal implements encoding.Codec.
func (bytesCodec) Marshal(v any) ([]byte, error) {
	b, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("%T is not []byte", v)
	}
	return b, nil
}

// Unmarshal implements encoding.Codec.
func (bytesCodec) Unmarshal(b []byte, v any) error {
	if to, ok := v.(*[]byte); ok {
		*to = slices.Clone(b)
	}
	return nil
}

// Name implements encoding.Codec.
func (bytesCodec) Name() string { return "proto" }

// call sends bytes to a method and returns the error of the call.
func call(ctx context.Context, conn *grpc.ClientConn, path string, body []byte) error {
	var response []byte
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, path, grpc.ForceCodec(bytesCodec{}))
	if err != nil {
		return err
	}
	if err := stream.SendMsg(body); err != nil {
		return stream.RecvMsg(&response) // RecvMsg returns the status of the call
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	return stream.RecvMsg(&response)
}

func dial(t *testing.T, caller, service string) *grpc.ClientConn {
	t.Helper()
	conn, err := shared.Dial(caller, service)
	expect.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TestCase100_EveryMethodOfEveryServiceKnowsItsCallers: a caller that the proto does not list is
// denied, whatever metadata it sends.
func TestCase100_EveryMethodOfEveryServiceKnowsItsCallers(t *testing.T) {
	conn := dial(t, "video-api", "token")
	_, err := tokenv1.NewIntrospectionServiceClient(conn).IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: "x"})
	expect.NoError(t, err)
	all := rpcs.All()
	if len(all) < 40 {
		t.Fatalf("the contract has only %d methods", len(all))
	}
	forgedHeaders := metadata.AppendToOutgoingContext(t.Context(), "x-caller", "gateway", "caller", "operator", "x-forwarded-client-cert", "URI=spiffe://usher.test/gateway",
		"authorization", "Bearer gateway", "x-spiffe-id", "spiffe://usher.test/operator")
	for _, caller := range []string{"identity", "authz", "token", "consent", "activity", "gateway", "operator", "video-api", "stranger", "local"} {
		for _, service := range services() {
			conn := dial(t, caller, service)
			for _, m := range all {
				may := slices.Contains(m.Callers, caller) || caller == "video-api" && slices.Contains(m.Callers, "resource_server")
				if !serves(service, m) || may {
					continue
				}
				code := status.Code(call(forgedHeaders, conn, m.Path(), nil))
				if caller == "local" && code == codes.Unavailable { // no certificate may have that name
					continue
				}
				if code != codes.PermissionDenied {
					t.Errorf("%s calling %s: %s", caller, m.Path(), code)
				}
			}
		}
	}
}

// TestCase100_NoCallWithoutACertificateOfTheTrustDomain, over TLS or without.
func TestCase100_NoCallWithoutACertificateOfTheTrustDomain(t *testing.T) {
	for _, service := range services() {
		addr := shared.GRPCAddr(service)
		for name, creds := range map[string]credentials.TransportCredentials{
			"no certificate": credentials.NewTLS(&tls.Config{InsecureSkipVerify: true}),
			"no TLS":         insecure.NewCredentials(),
			"TLS 1.2":        credentials.NewTLS(tls12Client(t, service)),
		} {
			conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(creds))
			expect.NoError(t, err)
			for _, m := range rpcs.All() {
				if serves(service, m) {
					if code := status.Code(call(t.Context(), conn, m.Path(), nil)); code != codes.Unavailable {
						t.Errorf("%s with %s: %s", m.Path(), name, code)
					}
					break // all methods come after the handshake
				}
			}
			expect.NoError(t, conn.Close())
		}
	}
}

// tls12Client is a client with a valid certificate that supports TLS up to 1.2.
func tls12Client(t *testing.T, service string) *tls.Config {
	t.Helper()
	config, err := shared.TLS("gateway", service)
	expect.NoError(t, err)
	config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS12
	return config
}

// TestCase100_AnotherSpellingOfAMethodIsNoMethod, and the health service returns only a status.
func TestCase100_AnotherSpellingOfAMethodIsNoMethod(t *testing.T) {
	conn := dial(t, "video-api", "token")
	const path = "usher.token.v1.OAuthService/IssueToken"
	for _, spelled := range []string{"//" + path, "/" + path + "/", "/x/" + path, "/" + path + "?", "/" + strings.ToLower(path), "/usher%2Etoken.v1.OAuthService/IssueToken", "/" + path + " "} {
		if code := status.Code(call(t.Context(), conn, spelled, nil)); code != codes.Unimplemented && code != codes.PermissionDenied {
			t.Errorf("%q: %s", spelled, code)
		}
	}
	watch, err := healthv1.NewHealthClient(conn).Watch(t.Context(), &healthv1.HealthCheckRequest{})
	expect.NoError(t, err)
	response, err := watch.Recv()
	expect.NoError(t, err)
	expect.Equal(t, "health", response.GetStatus(), healthv1.HealthCheckResponse_SERVING)
	for _, path := range []string{"/grpc.channelz.v1.Channelz/GetServers", "/grpc.reflection.v1.ServerReflection/X", "/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus"} {
		expect.Equal(t, path, status.Code(call(t.Context(), conn, path, nil)), codes.Unimplemented)
	}
}

// malformedMessages returns bytes that are not a valid message.
func malformedMessages() map[string][]byte {
	nested := func(open byte, n int) []byte { return []byte(strings.Repeat(string(rune(open)), n)) }
	return map[string][]byte{
		"a cut length":      {0x0a, 0x7f, 'a'},
		"a cut varint":      {0x08, 0xff},
		"an endless varint": {0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"field zero":        {0x02, 0x00},
		"wire type 7":       {0x0f},
		"a lone end group":  {0x0c},
		"10001 groups":      nested(0x0b, 10_001),
		"a huge length":     {0x0a, 0xff, 0xff, 0xff, 0xff, 0x07},
	}
}

// oddMessages returns bytes that a method may parse without finding a usable field.
func oddMessages() map[string][]byte {
	return map[string][]byte{
		"nothing": nil, "no UTF-8": {0x0a, 0x02, 0xff, 0xfe}, "10001 messages in each other": deepMessage(10_001), "fields of numbers": numbers(),
	}
}

// numbers has the largest varint in each of fifteen fields, and with it unknown enum values.
func numbers() []byte {
	var b []byte
	for field := range byte(15) {
		b = append(b, (field+1)<<3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)
	}
	return b
}

// deepMessage nests field 1 in field 1, up to the given depth.
func deepMessage(depth int) []byte {
	var b []byte
	for range depth {
		head := append([]byte{0x0a}, varint(len(b))...)
		if len(b) > 100_000 {
			break
		}
		b = append(head, b...)
	}
	return b
}

func varint(n int) []byte {
	var b []byte
	for ; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// TestCase101_AMalformedCallIsTheCallersFault: every method returns a client error to its permitted
// callers.
func TestCase101_AMalformedCallIsTheCallersFault(t *testing.T) {
	token := wantServing(t).Access
	before := goroutines(t, "token")
	bad, strange, large := malformedMessages(), oddMessages(), map[string]bool{}
	for _, m := range rpcs.All() {
		caller, service := m.Callers[0], services()[slices.IndexFunc(services(), func(s string) bool { return serves(s, m) })]
		if caller == "resource_server" {
			caller = "video-api"
		}
		conn := dial(t, caller, service)
		for name, body := range bad {
			if code := status.Code(call(t.Context(), conn, m.Path(), body)); code != codes.InvalidArgument {
				t.Errorf("%s sent to %s: %s", name, m.Path(), code)
			}
		}
		for name, body := range strange {
			if code := status.Code(call(t.Context(), conn, m.Path(), body)); isServerError(code) {
				t.Errorf("%s sent to %s: %s", name, m.Path(), code)
			}
		}
		if !large[service] { // one method of each service is enough: they share the server's limits
			large[service] = true
			expect.Equal(t, "code of 5 MB sent to "+m.Path(), status.Code(call(t.Context(), conn, m.Path(), make([]byte, 5<<20))), codes.ResourceExhausted)
		}
		expect.NoError(t, conn.Close())
	}
	conn := dial(t, "video-api", "token")
	client := tokenv1.NewIntrospectionServiceClient(conn)
	pairs := make([]string, 0, 2000)
	for i := range 1000 {
		pairs = append(pairs, fmt.Sprintf("k-%d", i), "a value of some length")
	}
	for name, ctx := range map[string]context.Context{
		"1000 pairs of metadata":   metadata.AppendToOutgoingContext(t.Context(), pairs...),
		"a megabyte of metadata":   metadata.AppendToOutgoingContext(t.Context(), "k", strings.Repeat("v", 1<<20)),
		"a binary header of 20 kB": metadata.AppendToOutgoingContext(t.Context(), "k-bin", strings.Repeat("v", 20_000)),
	} {
		if _, err := client.IntrospectToken(ctx, &tokenv1.IntrospectTokenRequest{Token: token}); err == nil {
			t.Errorf("%s are accepted", name)
		}
	}
	past, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	_, err := client.IntrospectToken(past, &tokenv1.IntrospectTokenRequest{Token: token})
	expect.Equal(t, "code of a call after its deadline", status.Code(err), codes.DeadlineExceeded)
	for range 200 {
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, leave)
		_, _ = client.IntrospectToken(ctx, &tokenv1.IntrospectTokenRequest{Token: token})
	}
	response, err := client.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{})
	if err == nil && response.GetActive() {
		t.Error("an empty token is active")
	}
	waitForGoroutines(t, "token", before)
	wantServing(t)
}

// isServerError reports whether a call failed with a code that no client input may cause.
func isServerError(code codes.Code) bool {
	return slices.Contains([]codes.Code{codes.Internal, codes.Unknown, codes.DataLoss, codes.Aborted, codes.Unavailable, codes.DeadlineExceeded}, code)
}
