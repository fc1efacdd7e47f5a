package run

import (
	"context"
	"io"

	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/mtls"
	"github.com/vidocu/usher/internal/platform/rpcserver"
)

// AllInOne configures how the services of one process are connected.
type AllInOne struct {
	// Network connects them in memory, with the interceptors and the policy of separate processes.
	Network *inproc.Network
	// Listeners returns a service's additional listeners: the operator's socket, a local port.
	Listeners func(service *Host) ([]rpcserver.Listener, error)
}

// NewAllInOne prepares a process of several services, which ends with ctx. Its log is written to
// out. For returns the Host of each service.
func NewAllInOne(ctx context.Context, s *Settings, meeting AllInOne, out io.Writer) (*Host, error) {
	h, err := NewHost(ctx, "usher", s, out)
	if err != nil {
		return nil, err
	}
	h.allInOne = &meeting
	return h, nil
}

// For returns the Host of one of the process's services.
func (h *Host) For(service string) *Host { return &Host{Name: service, process: h.process} }

// AllInOne reports whether the process has all services and exclusive use of their stores.
func (h *Host) AllInOne() bool { return h.allInOne != nil }

// Reserve opens a port before the service that listens there starts. Listen returns it.
func (h *Host) Reserve(setting, addr string) error {
	lis, err := listen(setting, addr)
	if err != nil {
		return err
	}
	h.Closing(func() error { _ = lis.Close(); return nil }) // its server has closed it, if one started
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reserved[setting] = lis
	return nil
}

// listeners returns a service's listeners.
func (h *Host) listeners() ([]rpcserver.Listener, error) {
	if h.allInOne != nil {
		more, err := h.allInOne.Listeners(h)
		if err != nil {
			return nil, err
		}
		return append(more, rpcserver.Listener{Listener: h.allInOne.Network.Listen(h.Name), Credentials: inproc.ServerCredentials()}), nil
	}
	creds, err := mtls.Server(h.Settings.TLS)
	if err != nil {
		return nil, err
	}
	lis, err := h.Listen("grpc_addr", h.Settings.GRPCAddr)
	if err != nil {
		return nil, err
	}
	return []rpcserver.Listener{{Listener: lis, Credentials: creds}}, nil
}
