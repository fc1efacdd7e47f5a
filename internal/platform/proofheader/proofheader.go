// Package proofheader carries the header DPoP (RFC 9449 §4.1) of a request from outside to the service
// that verifies it.
//
// It owns the header's propagation through the metadata of a call. It verifies nothing: a proof comes
// from a stranger until package dpop of the SDK has verified it.
package proofheader

import (
	"context"

	"google.golang.org/grpc/metadata"
)

// key is the metadata key of the header in a call.
const key = "usher-dpop"

// maxLength bounds the values together, in bytes: package dpop accepts a proof of at most 8 KiB.
const maxLength = 9 << 10

// Metadata returns the metadata with the values of the header; nil for none. ok is false for values
// that metadata cannot hold, and that no proof has.
func Metadata(values []string) (md metadata.MD, ok bool) {
	if len(values) == 0 {
		return nil, true
	}
	length := 0
	for _, value := range values {
		if length += len(value); length > maxLength || value == "" {
			return nil, false
		}
		for i := range len(value) {
			if value[i] < ' ' || value[i] > '~' {
				return nil, false
			}
		}
	}
	return metadata.MD{key: values}, true
}

// From returns the values of the header of the call's request.
func From(ctx context.Context) []string { return metadata.ValueFromIncomingContext(ctx, key) }
