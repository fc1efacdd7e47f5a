// Package source carries the network address that a request from outside came from to the services that work on it.
//
// It owns the address's way through the metadata of a call: the gateway alone finds it out and is believed. It is for logs and
// limits, is no secret, and proves nothing.
package source

import (
	"context"
	"net/netip"

	"google.golang.org/grpc/metadata"

	"github.com/vidocu/usher/internal/platform/policy"
)

// header is where the address stands in a call's metadata.
const header = "usher-source-address"

// gateway is the only caller that requests from outside come through.
const gateway = "gateway"

// Metadata sends an address along with a call; none where it is empty.
func Metadata(address string) metadata.MD {
	if address == "" {
		return nil
	}
	return metadata.Pairs(header, address)
}

// From is the address that the call's request came from; empty where the gateway did not say, or said no address.
func From(ctx context.Context) string {
	sent := metadata.ValueFromIncomingContext(ctx, header)
	if len(sent) != 1 {
		return ""
	}
	if caller, _ := policy.CallerFrom(ctx); caller != gateway {
		return ""
	}
	address, err := netip.ParseAddr(sent[0])
	if err != nil {
		return ""
	}
	return address.String()
}
