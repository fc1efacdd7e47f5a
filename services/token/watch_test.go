package token_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/rpcserver"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token"
)

// watch streams the log until the test ends; nil is from now on.
func (b bench) watch(t *testing.T, cursor *int64) grpc.ServerStreamingClient[tokenv1.WatchRevocationsResponse] {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	stream, err := b.revocations.WatchRevocations(ctx, &tokenv1.WatchRevocationsRequest{Cursor: cursor})
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func batchOf(t *testing.T, stream grpc.ServerStreamingClient[tokenv1.WatchRevocationsResponse]) *tokenv1.WatchRevocationsResponse {
	t.Helper()
	message, err := stream.Recv()
	if err != nil {
		t.Fatalf("WatchRevocations: %v", err)
	}
	return message
}

func (b bench) mustRevoke(t *testing.T, token string) {
	t.Helper()
	if _, err := b.oauth.RevokeToken(t.Context(), &tokenv1.RevokeTokenRequest{Token: token}); err != nil {
		t.Fatalf("RevokeToken: %v", err)
	}
}

// TestFault_D9_AStreamEndsByItselfWithOK: a client of any language sees the end of the stream and
// no error.
func TestFault_D9_AStreamEndsByItselfWithOK(t *testing.T) {
	config := token.DefaultConfig()
	config.HeartbeatInterval, config.WatchLifetime = 100*time.Millisecond, time.Second
	b := newBench(t, config)
	stream := b.watch(t, nil)
	last := batchOf(t, stream)
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the stream ends with %v, want OK", err)
		}
		last = message
	}
	first := b.mustRedeem(t, "code-1")
	b.mustRevoke(t, first.GetAccessToken())
	resumed := b.watch(t, proto.Int64(last.GetCursor()))
	message := batchOf(t, resumed)
	for len(message.GetRevocations()) == 0 { // heartbeats, until the log has been read
		message = batchOf(t, resumed)
	}
	if len(message.GetRevocations()) != 1 {
		t.Errorf("the resumed stream sends %v, want the one revocation", message)
	}
}

func TestAWatcherLearnsWhatEndedAndGoesOnWhereItStopped(t *testing.T) {
	config := token.DefaultConfig()
	config.HeartbeatInterval = 100 * time.Millisecond
	b := newBench(t, config)
	first, second := b.mustRedeem(t, "code-1"), b.mustRedeem(t, "code-2")
	grant, err := b.introspect.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: second.GetAccessToken()})
	if err != nil {
		t.Fatal(err)
	}

	stream := b.watch(t, nil)
	nothing := &tokenv1.WatchRevocationsResponse{HeartbeatIntervalMs: 100, CatalogDigest: catalog.Default().Digest()}
	for range 3 { // at once, and then the heartbeats
		if diff := cmp.Diff(nothing, batchOf(t, stream), protocmp.Transform()); diff != "" {
			t.Errorf("nothing ended (-want +got):\n%s", diff)
		}
	}
	b.mustRevoke(t, first.GetAccessToken())
	b.mustRevoke(t, second.GetRefreshToken())
	if _, err := b.grants.EndConnection(t.Context(), &tokenv1.EndConnectionRequest{UserId: "usr_john", ClientId: "app"}); err != nil {
		t.Fatal(err)
	}
	hash := secret.Sum(first.GetAccessToken())
	want := []*tokenv1.Revocation{
		{Cursor: 1, Kind: tokenv1.RevocationKind_REVOCATION_KIND_TOKEN, TokenHash: hash.Bytes()},
		{Cursor: 2, Kind: tokenv1.RevocationKind_REVOCATION_KIND_GRANT, GrantId: grant.GetGrantId()},
		{Cursor: 3, Kind: tokenv1.RevocationKind_REVOCATION_KIND_PAIR, UserId: "usr_john", ClientId: "app"},
	}
	for from := range int64(4) {
		if from > 0 {
			stream = b.watch(t, proto.Int64(from))
		}
		var got []*tokenv1.Revocation
		for {
			message := batchOf(t, stream)
			got = append(got, message.GetRevocations()...)
			if message.GetReset_() {
				t.Errorf("from %d: a reset", from)
			}
			if message.GetCursor() == 3 {
				break
			}
		}
		if diff := cmp.Diff(append([]*tokenv1.Revocation(nil), want[from:]...), got, protocmp.Transform()); diff != "" {
			t.Errorf("from %d (-want +got):\n%s", from, diff)
		}
	}
}

func TestAWatcherWhoseCursorIsNotInTheLogIsReset(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	b.mustRevoke(t, b.mustRedeem(t, "code-1").GetAccessToken())
	for _, cursor := range []int64{2, 1 << 50, -1} {
		if message := batchOf(t, b.watch(t, &cursor)); !message.GetReset_() || message.GetCursor() > 1 {
			t.Errorf("cursor %d: %v, want a reset", cursor, message)
		}
	}
}

func TestWatchersEndWhenTheServerStopsAndDoNotHoldItUp(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	service, err := token.New(t.Context(), token.DefaultConfig(), token.Deps{
		Logger: slog.New(slog.DiscardHandler), DB: b.db, Authz: b.dial(t, "token", "authz"), Identity: b.dial(t, "token", "identity"),
		Catalog: catalog.Fixed(catalog.Default()),
	})
	if err != nil {
		t.Fatal(err)
	}
	server := rpcserver.New(rpcserver.Options{
		Name: "stopping", Logger: slog.New(slog.DiscardHandler), ResourceServers: []string{"videos"}, StopWithin: time.Minute,
	})
	service.Register(server)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { done <- service.Run(ctx) }()
	go func() {
		done <- server.Serve(ctx, rpcserver.Listener{Listener: b.network.Listen("stopping"), Credentials: inproc.ServerCredentials()})
	}()
	b.revocations = tokenv1.NewRevocationServiceClient(b.dial(t, "videos", "stopping"))
	stream := b.watch(t, nil)
	batchOf(t, stream)
	startedAt := time.Now()
	stop()
	for range cap(done) {
		if err := <-done; err != nil {
			t.Errorf("stopping: %v", err)
		}
	}
	if took := time.Since(startedAt); took > 50*time.Second {
		t.Errorf("stopping took %s with a watcher", took)
	}
	for err == nil {
		_, err = stream.Recv()
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("the stream ended with %v, want its end", err)
	}
}

func TestWatchingWithoutADatabaseIsUnavailable(t *testing.T) {
	b := newBench(t, token.DefaultConfig())
	batchOf(t, b.watch(t, nil))
	if err := b.db.Close(); err != nil {
		t.Fatal(err)
	}
	stream := b.watch(t, proto.Int64(77))
	var err error
	for err == nil {
		_, err = stream.Recv()
	}
	wantReason(t, err, errorv1.Reason_REASON_UNAVAILABLE)
}

func TestOneToAThousandTokensMayBeAskedAboutAtOnce(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // a call without a deadline has 5 s
	defer cancel()
	b := newBench(t, token.DefaultConfig())
	pair := b.mustRedeem(t, "code-1")
	tokens := make([]string, 1000)
	for i := range tokens {
		tokens[i] = secret.Generate(secret.AccessToken).Reveal()
	}
	tokens[0], tokens[1], tokens[999] = pair.GetAccessToken(), "", pair.GetAccessToken()
	single, err := b.introspect.IntrospectToken(t.Context(), &tokenv1.IntrospectTokenRequest{Token: pair.GetAccessToken()})
	if err != nil {
		t.Fatal(err)
	}
	batch, err := b.introspect.BatchIntrospectTokens(ctx, &tokenv1.BatchIntrospectTokensRequest{Tokens: tokens})
	if err != nil || len(batch.GetAnswers()) != len(tokens) {
		t.Fatalf("BatchIntrospectTokens: %d answers, %v", len(batch.GetAnswers()), err)
	}
	received := single.ProtoReflect()
	for i := range received.Descriptor().Fields().Len() {
		// Only a token that is bound to a key has cnf, and only a key of networks has allowed_addresses.
		if field := received.Descriptor().Fields().Get(i); !received.Has(field) && field.Name() != "cnf" && field.Name() != "allowed_addresses" {
			t.Errorf("%s is not put to the test", field.Name())
		}
	}
	if batch.GetIss() != single.GetIss() || batch.GetTokenType() != "Bearer" || batch.GetTokenKind() != "user" || !slices.Equal(batch.GetAud(), single.GetAud()) {
		t.Errorf("for all of them: issuer %q, type %q, kind %q, audience %q", batch.GetIss(), batch.GetTokenType(), batch.GetTokenKind(), batch.GetAud())
	}
	single.Iss, single.TokenType, single.TokenKind, single.Aud = "", "", "", nil // sent once
	for i, response := range batch.GetAnswers() {
		want := &tokenv1.IntrospectTokenResponse{}
		if i == 0 || i == 999 {
			want = proto.CloneOf(single)
			want.ExpiresInMs = response.GetExpiresInMs()
		}
		if !proto.Equal(want, response) {
			t.Errorf("token %d: %v, want %v", i, response, want)
		}
	}
	for _, wrong := range [][]string{nil, make([]string, 1001)} {
		_, err := b.introspect.BatchIntrospectTokens(t.Context(), &tokenv1.BatchIntrospectTokensRequest{Tokens: wrong})
		wantReason(t, err, errorv1.Reason_REASON_INVALID_REQUEST)
	}
}
