package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/vidocu/usher/test/harness"
)

// The sizes of a token in the request and of an introspection response.
const echoIn, echoOut = 60, 250

const echoMethod = "/bench.Echo/Echo"

// serveEcho is the lower bound: a gRPC server that returns a constant. It runs in a process of its
// own, so that its CPU time is separate from the client's.
func serveEcho(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: bench echo-server ADDR DIR")
	}
	cert, err := tls.LoadX509KeyPair(filepath.Join(args[1], "echo.pem"), filepath.Join(args[1], "echo.key"))
	if err != nil {
		return err
	}
	ca, err := os.ReadFile(filepath.Join(args[1], "ca.pem"))
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	lis, err := net.Listen("tcp", args[0])
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{cert}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert,
	})))
	response := wrapperspb.Bytes(make([]byte, echoOut))
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "bench.Echo", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Echo", Handler: func(_ any, _ context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			return response, dec(&wrapperspb.BytesValue{})
		}}},
	}, struct{}{})
	return server.Serve(lis)
}

// echo is a running echo server with connections to it.
type echo struct {
	cmd   *exec.Cmd
	conns []*grpc.ClientConn
}

func startEcho(dir string) (*echo, error) {
	authority, err := harness.NewAuthority(dir)
	if err != nil {
		return nil, err
	}
	if err := authority.Issue("echo"); err != nil {
		return nil, err
	}
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := lis.Addr().String()
	if err := lis.Close(); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	e := &echo{cmd: exec.Command(self, "echo-server", addr, dir)}
	e.cmd.Stderr = os.Stderr
	// The same garbage collector setting as our own processes.
	e.cmd.Env = append(os.Environ(), "GOGC=400")
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	config, err := authority.ClientTLS("bench", "echo")
	if err != nil {
		return nil, err
	}
	for range connections {
		conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(credentials.NewTLS(config)))
		if err != nil {
			return nil, err
		}
		e.conns = append(e.conns, conn)
	}
	return e, e.wait()
}

// wait returns once the server responds.
func (e *echo) wait() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return e.conns[0].Invoke(ctx, echoMethod, wrapperspb.Bytes(nil), &wrapperspb.BytesValue{}, grpc.WaitForReady(true))
}

// side returns the echo as one of the loads that are measured in turns.
func (e *echo) side(name string) *side {
	return &side{name: name, meter: meter{"echo": oneProcess(e.cmd.Process.Pid)}, op: e.call}
}

func (e *echo) call(ctx context.Context, caller int) error {
	var out wrapperspb.BytesValue
	return e.conns[caller%len(e.conns)].Invoke(ctx, echoMethod, wrapperspb.Bytes(make([]byte, echoIn)), &out)
}

func (e *echo) close() error {
	for _, c := range e.conns {
		_ = c.Close()
	}
	if err := e.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("stopping the echo server: %w", err)
	}
	_ = e.cmd.Wait()
	return nil
}
