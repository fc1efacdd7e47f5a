package main

import (
	"errors"
	"net"

	"github.com/vidocu/usher/internal/platform/localsock"
	"github.com/vidocu/usher/internal/platform/rpcserver"
)

// operator opens the socket through which the administration commands and `usher doctor` reach a service of this process.
// Development goes on without one where the data folder's path is too long for a socket.
func (a assembly) operator(service string) ([]rpcserver.Listener, error) {
	lis, err := localsock.Listen(a.config.DataDir, service)
	if errors.Is(err, localsock.ErrPathTooLong) {
		a.host.Logger.Warn("no socket for the operator: the administration commands cannot reach this process", "error", err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	a.host.Closing(func() error { return closeOnce(lis) })
	return []rpcserver.Listener{{Listener: lis, Credentials: localsock.ServerCredentials()}}, nil
}

// closeOnce closes a listener that its server may have closed already.
func closeOnce(lis net.Listener) error {
	if err := lis.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
