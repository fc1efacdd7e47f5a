// Package textcheck refuses requests with text that is not UTF-8, which gRPC cannot send.
//
// It owns the check of every call that the gateway makes, so that no handler needs one: percent-encoded
// bytes of a query, a form or a path may be anything. It never changes a text, because another spelling
// of an identifier is another identifier.
package textcheck

import (
	"context"
	"unicode/utf8"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// Conn is a connection to a service. A call with text that is not UTF-8 returns the error of a request
// that cannot be read, INVALID_REQUEST with the cause QUERY_MALFORMED, and not the internal error of
// gRPC.
type Conn struct{ grpc.ClientConnInterface }

// Invoke is grpc.ClientConnInterface. It looks at the request only after the call has failed: gRPC
// refuses such a request itself, and others are not delayed.
func (c Conn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	err := c.ClientConnInterface.Invoke(ctx, method, args, reply, opts...)
	if err == nil {
		return nil
	}
	if sent, ok := args.(proto.Message); ok && !isText(sent.ProtoReflect()) {
		return oerr.Refuse(errorv1.Cause_CAUSE_QUERY_MALFORMED, "the request is wrongly encoded: it has text that is not UTF-8", oerr.WithInner(err))
	}
	return err
}

// isText reports whether every string in a message is valid UTF-8.
func isText(m protoreflect.Message) bool {
	valid := true
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsMap():
			value.Map().Range(func(key protoreflect.MapKey, one protoreflect.Value) bool {
				valid = isTextValue(field.MapKey(), key.Value()) && isTextValue(field.MapValue(), one)
				return valid
			})
		case field.IsList():
			for i := range value.List().Len() {
				valid = valid && isTextValue(field, value.List().Get(i))
			}
		default:
			valid = isTextValue(field, value)
		}
		return valid
	})
	return valid
}

func isTextValue(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
	switch {
	case field.Kind() == protoreflect.StringKind:
		return utf8.ValidString(value.String())
	case field.Message() != nil:
		return isText(value.Message())
	}
	return true
}
