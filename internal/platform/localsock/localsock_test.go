package localsock_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/localsock"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/rpcserver"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// keys is a service for operators only.
type keys struct {
	tokenv1.UnimplementedApiKeyServiceServer
}

func (keys) RevokeApiKey(context.Context, *tokenv1.RevokeApiKeyRequest) (*tokenv1.RevokeApiKeyResponse, error) {
	return &tokenv1.RevokeApiKeyResponse{}, nil
}

// serve serves on a listener until the test ends.
func serve(t *testing.T, lis net.Listener) {
	t.Helper()
	s := rpcserver.New(rpcserver.Options{Name: "token", Metrics: telemetry.New(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	tokenv1.RegisterApiKeyServiceServer(s, keys{})
	tokenv1.RegisterIntrospectionServiceServer(s, tokenv1.UnimplementedIntrospectionServiceServer{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- s.Serve(ctx, rpcserver.Listener{Listener: lis, Credentials: localsock.ServerCredentials()})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// folder is a data folder with a short path, whatever the test's name.
func folder(t *testing.T) string {
	t.Helper()
	t.Chdir(t.TempDir())
	must(t, os.Mkdir("data", 0o755))
	return "data"
}

func listen(t *testing.T, dir string) net.Listener {
	t.Helper()
	lis, err := localsock.Listen(dir, "token")
	must(t, err)
	t.Cleanup(func() { _ = lis.Close() })
	return lis
}

func dial(t *testing.T, dir string) *grpc.ClientConn {
	t.Helper()
	conn, err := localsock.Dial(dir, "token")
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhoComesThroughTheSocketIsTheOperatorAndNobodyElse(t *testing.T) {
	dir := folder(t)
	serve(t, listen(t, dir))
	conn := dial(t, dir)
	if _, err := tokenv1.NewApiKeyServiceClient(conn).RevokeApiKey(t.Context(), &tokenv1.RevokeApiKeyRequest{}); err != nil {
		t.Errorf("the operator is refused: %v", err)
	}
	_, err := tokenv1.NewIntrospectionServiceClient(conn).BatchIntrospectTokens(t.Context(), &tokenv1.BatchIntrospectTokensRequest{})
	if oerr.Reason(err) != errorv1.Reason_REASON_CALLER_DENIED {
		t.Errorf("the operator does what resource servers do: %v", err)
	}
}

func TestOnlyTheOwnerMayOpenTheSocket(t *testing.T) {
	dir := folder(t)
	must(t, os.Mkdir(filepath.Join(dir, "operator"), 0o777)) // open to all, from an earlier version
	must(t, os.Chmod(filepath.Join(dir, "operator"), 0o777))
	listen(t, dir)
	path, err := localsock.Path(dir, "token")
	must(t, err)
	for name, want := range map[string]os.FileMode{path: os.ModeSocket | 0o600, filepath.Dir(path): os.ModeDir | 0o700} {
		info, err := os.Stat(name)
		must(t, err)
		if info.Mode() != want {
			t.Errorf("%s has mode %s, want %s", name, info.Mode(), want)
		}
	}
}

func TestAFileThatACrashLeftIsReplacedAndALiveOneIsNot(t *testing.T) {
	dir := folder(t)
	crashed := listen(t, dir)
	unix, ok := crashed.(*net.UnixListener)
	if !ok {
		t.Fatalf("a %T is not a Unix socket", crashed)
	}
	if _, err := localsock.Listen(dir, "token"); err == nil || !strings.Contains(err.Error(), "another Usher") {
		t.Errorf("a second one listens: %v", err)
	}
	unix.SetUnlinkOnClose(false)
	must(t, unix.Close())
	serve(t, listen(t, dir))
	if _, err := tokenv1.NewApiKeyServiceClient(dial(t, dir)).RevokeApiKey(t.Context(), &tokenv1.RevokeApiKeyRequest{}); err != nil {
		t.Errorf("the new one does not respond: %v", err)
	}
}

func TestAFileThatIsNoSocketIsLeftAlone(t *testing.T) {
	dir := folder(t)
	path, err := localsock.Path(dir, "token")
	must(t, err)
	must(t, os.Mkdir(filepath.Dir(path), 0o700))
	must(t, os.WriteFile(path, []byte("mine"), 0o600))
	if _, err := localsock.Listen(dir, "token"); err == nil {
		t.Error("it listens")
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
		t.Errorf("the file is %q, %v", text, err)
	}
}

func TestClosingRemovesTheFile(t *testing.T) {
	dir := folder(t)
	must(t, listen(t, dir).Close())
	path, err := localsock.Path(dir, "token")
	must(t, err)
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is there: %v", err)
	}
}

func TestALongPathIsNamedFromHereOrRefused(t *testing.T) {
	here := folder(t)
	long := filepath.Join(here, strings.Repeat("x", 120))
	if _, err := localsock.Listen(long, "token"); !errors.Is(err, localsock.ErrPathTooLong) {
		t.Errorf("a path that is too long returns %v", err)
	}
	if _, err := localsock.Dial(long, "token"); !errors.Is(err, localsock.ErrPathTooLong) {
		t.Errorf("a path that is too long returns %v", err)
	}
	must(t, os.Mkdir(long, 0o700))
	abs, err := filepath.Abs(long)
	must(t, err)
	t.Chdir(long)
	serve(t, listen(t, abs))
	if _, err := tokenv1.NewApiKeyServiceClient(dial(t, abs)).RevokeApiKey(t.Context(), &tokenv1.RevokeApiKeyRequest{}); err != nil {
		t.Errorf("it does not respond: %v", err)
	}
}

func TestTheCredentialsRefuseAnotherKindOfConnection(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer lis.Close()
	conn, err := net.Dial("tcp", lis.Addr().String())
	must(t, err)
	defer conn.Close()
	if _, _, err := localsock.ServerCredentials().ServerHandshake(conn); err == nil {
		t.Error("TCP is the operator")
	}
}
