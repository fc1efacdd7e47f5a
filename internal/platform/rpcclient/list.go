package rpcclient

import (
	"fmt"
	"net"
	"strings"

	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
)

// listScheme is the scheme of a target that lists its addresses: list:///a:1,b:2.
const listScheme = "list"

// listResolver resolves a list of addresses with commas between, for replicas without a DNS name. It
// fails on an item that is not host:port.
func listResolver(addrs string) (resolver.Builder, error) {
	var state resolver.State
	for item := range strings.SplitSeq(addrs, ",") {
		item = strings.TrimSpace(item)
		if _, _, err := net.SplitHostPort(item); err != nil {
			return nil, fmt.Errorf("%q is not host:port: %w", item, err)
		}
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: item}}})
	}
	list := manual.NewBuilderWithScheme(listScheme)
	list.InitialState(state)
	return list, nil
}
