package rpcclient

import (
	"fmt"
	"net"
	"strings"

	"google.golang.org/grpc/resolver"
)

// listScheme is the scheme of a target that lists its addresses: list:///a:1,b:2.
const listScheme = "list"

// listBuilder resolves such targets, for replicas without a DNS name.
type listBuilder struct{}

// Scheme is part of resolver.Builder.
func (listBuilder) Scheme() string { return listScheme }

// Build is part of resolver.Builder. It fails on an item that is not host:port.
func (listBuilder) Build(target resolver.Target, conn resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	var state resolver.State
	for item := range strings.SplitSeq(target.Endpoint(), ",") {
		item = strings.TrimSpace(item)
		if _, _, err := net.SplitHostPort(item); err != nil {
			return nil, fmt.Errorf("%q is not host:port: %w", item, err)
		}
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: item}}})
	}
	if err := conn.UpdateState(state); err != nil {
		return nil, err
	}
	return fixed{}, nil
}

// fixed is a resolver whose addresses never change.
type fixed struct{}

// ResolveNow is part of resolver.Resolver.
func (fixed) ResolveNow(resolver.ResolveNowOptions) {}

// Close is part of resolver.Resolver.
func (fixed) Close() {}
