package main

import (
	"errors"
	"net"

	"github.com/vidocu/usher/internal/platform/localsock"
	"github.com/vidocu/usher/internal/platform/rpcserver"
	"github.com/vidocu/usher/internal/platform/run"
)

// operator opens the socket through which the administration commands and `usher doctor` reach a service of this process.
// Development goes on without one where the data folder's path is too long for a socket.
func (s *settings) operator(host *run.Host) ([]rpcserver.Listener, error) {
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

// closeOnce closes a listener that its server may have closed already.
func closeOnce(lis net.Listener) error {
	if err := lis.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
