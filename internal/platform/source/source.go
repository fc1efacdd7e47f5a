// Package source carries the network address of a request from outside to the services that process
// it.
//
// It owns the address's propagation through the metadata of a call: only the gateway determines it
// and is trusted. It is for logs and limits, is not a secret, and proves nothing.
package source

import (
	"context"
	"net/netip"

	"google.golang.org/grpc/metadata"

	"github.com/vidocu/usher/internal/platform/policy"
)

// header is the metadata key of the address in a call.
const header = "usher-source-address"

// Metadata returns the metadata with an address; nil for an empty one.
func Metadata(address string) metadata.MD {
	if address == "" {
		return nil
	}
	return metadata.Pairs(header, address)
}

// From returns the address that the call's request came from; empty where the gateway sent none, or
// no valid one.
func From(ctx context.Context) string {
	sent := metadata.ValueFromIncomingContext(ctx, header)
	if caller, _ := policy.CallerFrom(ctx); caller != policy.Gateway || len(sent) != 1 {
		return ""
	}
	address, err := netip.ParseAddr(sent[0])
	if err != nil {
		return ""
	}
	return address.String()
}
