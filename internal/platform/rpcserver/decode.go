package rpcserver

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that ours stands on
	"google.golang.org/grpc/mem"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// A request that is no message of its method is the caller's fault. gRPC calls it an internal error, which alarms whoever runs
// the server, and sends that word before any handler could. So a request is decoded into an envelope, with which decoding
// succeeds, and what is wrong is said by whoever opens it.

// envelope takes a request and what was wrong with it.
type envelope struct {
	message any
	fault   error
}

// codec is protobuf's, and knows envelopes.
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

// enveloped is a service whose unary methods take their requests out of envelopes.
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
