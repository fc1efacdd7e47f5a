package ushertest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/sdk/enforce"
)

// Server is the fake token service. Its methods may be called concurrently, and while it serves.
type Server struct {
	tokenv1.UnimplementedIntrospectionServiceServer
	tokenv1.UnimplementedRevocationServiceServer
	tokenv1.UnimplementedCatalogServiceServer

	// Heartbeat is the interval of heartbeats; New sets 100 ms. Change it before serving.
	Heartbeat time.Duration
	// Introspected, if set before serving, is called after the response of an introspection was
	// determined and before it is sent: the response does not reflect revocations during the call.
	Introspected func(*tokenv1.IntrospectTokenRequest)

	mu      sync.Mutex
	changed chan struct{}
	tokens  map[string]*tokenv1.IntrospectTokenResponse
	catalog *tokenv1.GetCatalogResponse
	log     []*tokenv1.Revocation
	// trimmed is the cursor up to which the log's entries were deleted; generation counts the
	// interruptions of streams.
	trimmed        int64
	generation     int
	endsWith       error
	down           error
	silent         bool
	introspections []*tokenv1.IntrospectTokenRequest
	watched        []*tokenv1.WatchRevocationsRequest
}

// New returns a server without tokens. Its catalog has the row `GET /v1/videos` with the scope
// videos:read and the row `POST /v1/videos/:id/export` with export:write; the plan free includes
// the first and pro both.
func New() *Server {
	s := &Server{
		Heartbeat: 100 * time.Millisecond, changed: make(chan struct{}), tokens: map[string]*tokenv1.IntrospectTokenResponse{},
	}
	s.SetCatalog(&tokenv1.GetCatalogResponse{
		Endpoints: []*tokenv1.Endpoint{
			{Method: "GET", Path: "/v1/videos", Scope: "videos:read"},
			{Method: "POST", Path: "/v1/videos/:id/export", Scope: "export:write"},
		},
		Plans: []*tokenv1.Plan{
			{Name: "free", Endpoints: []string{"GET /v1/videos"}},
			{Name: "pro", Endpoints: []string{"GET /v1/videos", "POST /v1/videos/:id/export"}},
		},
	})
	return s
}

// Register registers its three services with a gRPC server.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	tokenv1.RegisterIntrospectionServiceServer(r, s)
	tokenv1.RegisterRevocationServiceServer(r, s)
	tokenv1.RegisterCatalogServiceServer(r, s)
}

// Start serves on a free port of 127.0.0.1 without TLS, until stop is called.
func (s *Server) Start() (addr string, stop func(), err error) {
	return s.StartAt("127.0.0.1:0")
}

// StartAt is Start at an address.
func (s *Server) StartAt(at string) (addr string, stop func(), err error) {
	lis, err := net.Listen("tcp", at)
	if err != nil {
		return "", nil, fmt.Errorf("listening: %w", err)
	}
	server := grpc.NewServer()
	s.Register(server)
	go func() { _ = server.Serve(lis) }() // returns after stop; clients see any other error
	return lis.Addr().String(), server.Stop, nil
}

// Issue generates an active token of the kind in facts.
func (s *Server) Issue(facts *tokenv1.IntrospectTokenResponse) (token string) {
	token = Token(facts.GetKind())
	s.Add(token, facts)
	return token
}

// Add makes a given token active, until it is revoked.
func (s *Server) Add(token string, facts *tokenv1.IntrospectTokenResponse) {
	s.mu.Lock()
	defer s.mu.Unlock()
	facts = proto.CloneOf(facts)
	facts.Active = true
	s.tokens[token] = facts
}

// Token generates a string in the format of the kind; without a kind, of an access token. It is not
// active.
func Token(kind tokenv1.TokenKind) string {
	if kind == tokenv1.TokenKind_TOKEN_KIND_USER_TOKEN {
		return draw("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 179) + draw("AQ", 1) // 112 bytes: the last four bits are zero
	}
	const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	prefix := "vdo_oat_"
	if kind == tokenv1.TokenKind_TOKEN_KIND_API_KEY || kind == tokenv1.TokenKind_TOKEN_KIND_RESTRICTED_API_KEY {
		prefix = "vdo_live_"
	}
	body := prefix + draw(base62, 43)
	var digits [6]byte
	for i, sum := len(digits)-1, crc32.ChecksumIEEE([]byte(body)); i >= 0; i, sum = i-1, sum/62 {
		digits[i] = base62[sum%62]
	}
	return body + string(digits[:])
}

// draw returns random characters. Their distribution is not quite uniform, which does not matter in
// tests.
func draw(alphabet string, n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}

// IntrospectToken returns the facts of an active token.
func (s *Server) IntrospectToken(ctx context.Context, req *tokenv1.IntrospectTokenRequest) (*tokenv1.IntrospectTokenResponse, error) {
	if _, has := ctx.Deadline(); !has {
		return nil, status.Error(codes.InvalidArgument, "the call has no deadline")
	}
	s.mu.Lock()
	s.introspections = append(s.introspections, req)
	facts, down := s.tokens[req.GetToken()], s.down
	s.mu.Unlock()
	if s.Introspected != nil {
		s.Introspected(req)
	}
	switch {
	case down != nil:
		return nil, down
	case facts == nil, !req.GetChecksAddresses() && !allowed(facts, req.GetSourceAddress()):
		return &tokenv1.IntrospectTokenResponse{}, nil
	}
	return facts, nil
}

// allowed reports whether a token may be used from an address.
func allowed(facts *tokenv1.IntrospectTokenResponse, source string) bool {
	networks, err := enforce.ParseAddresses(facts.GetAllowedAddresses())
	return err == nil && networks.Allow(source)
}

// GetCatalog returns the catalog.
func (s *Server) GetCatalog(context.Context, *tokenv1.GetCatalogRequest) (*tokenv1.GetCatalogResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.catalog, s.down
}

// Catalog returns the catalog that GetCatalog returns.
func (s *Server) Catalog() *tokenv1.GetCatalogResponse {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.catalog
}

// SetCatalog replaces the catalog and computes its digest.
func (s *Server) SetCatalog(catalog *tokenv1.GetCatalogResponse) {
	text, _ := proto.MarshalOptions{Deterministic: true}.Marshal(catalog) // a message without required fields always encodes
	sum := sha256.Sum256(text)
	catalog = proto.CloneOf(catalog)
	catalog.Digest = hex.EncodeToString(sum[:])
	s.change(func() { s.catalog = catalog })
}

// change applies a change and wakes every stream.
func (s *Server) change(apply func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	apply()
	close(s.changed)
	s.changed = make(chan struct{})
}
