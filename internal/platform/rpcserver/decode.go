package rpcserver

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that ours wraps
	"google.golang.org/grpc/mem"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// A request that cannot be decoded is the caller's fault. gRPC returns it as an internal error,
// which alarms the operators of the server, and does so before any handler could intervene. So a
// request is decoded into an envelope, for which decoding always succeeds, and opening the envelope
// returns the error.

// envelope contains a request and its decoding error.
type envelope struct {
	message any
	fault   error
}

// codec is protobuf's codec with support for envelopes.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// Unmarshal is part of encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	e, ok := v.(*envelope)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	e.fault = c.CodecV2.Unmarshal(data, e.message)
	return nil
}

// open receives a message in an envelope.
func open(receive func(any) error, message any) error {
	e := envelope{message: message}
	if err := receive(&e); err != nil {
		return err
	}
	if e.fault != nil {
		return oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "the request is not a valid message for this method", oerr.WithInner(e.fault))
	}
	return nil
}

// enveloped returns a service whose unary methods receive their requests in envelopes.
func enveloped(desc *grpc.ServiceDesc) *grpc.ServiceDesc {
	own := *desc
	own.Methods = make([]grpc.MethodDesc, len(desc.Methods))
	for i, m := range desc.Methods {
		handler := m.Handler
		m.Handler = func(srv any, ctx context.Context, decode func(any) error, edge grpc.UnaryServerInterceptor) (any, error) {
			return handler(srv, ctx, func(v any) error { return open(decode, v) }, edge)
		}
		own.Methods[i] = m
	}
	return &own
}

// envelopedStream does the same for a stream.
type envelopedStream struct{ grpc.ServerStream }

// RecvMsg is part of grpc.ServerStream.
func (s envelopedStream) RecvMsg(m any) error { return open(s.ServerStream.RecvMsg, m) }
