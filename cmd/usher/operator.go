package main

import (
	"errors"
	"net"

	"github.com/vidocu/usher/internal/platform/localsock"
	"github.com/vidocu/usher/internal/platform/rpcserver"
	"github.com/vidocu/usher/internal/platform/run"
)

// administered are the services that have RPCs for an operator.
func administered(service string) bool {
	return service == "identity" || service == "authz" || service == "token"
}

// operator opens the socket through which `usher users` and its like reach a service of this process. Development goes on
// without one where the data folder's path leaves no room for it.
func (s *settings) operator(host *run.Host) ([]rpcserver.Listener, error) {
	if !administered(host.Name) {
		return nil, nil
	}
	lis, err := localsock.Listen(s.DataDir, host.Name)
	if errors.Is(err, localsock.ErrPathTooLong) {
		host.Logger.Warn("no socket for the operator: the administration commands cannot reach this process", "error", err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	host.Closing(func() error { return closeOnce(lis) })
	return []rpcserver.Listener{{Listener: lis, Credentials: localsock.ServerCredentials()}}, nil
}

// closeOnce closes a listener that its server may have closed before, or never served.
func closeOnce(lis net.Listener) error {
	if err := lis.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
