package admin

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// method is an RPC as generated clients have it.
type method[Req, Res proto.Message] func(ctx context.Context, req Req, opts ...grpc.CallOption) (Res, error)

// printer prints a response.
type printer func(response proto.Message) error

// call makes one call and prints its response.
func call[Req, Res proto.Message](ctx context.Context, m method[Req, Res], req Req, print printer) error {
	res, err := m(ctx, req)
	if err != nil {
		return err
	}
	return print(res)
}

// maxPage is how many items a page has at most, by the contract.
const maxPage = 1000

// The fields of the contract that page a list.
const (
	pageSize      protoreflect.Name = "page_size"
	pageToken     protoreflect.Name = "page_token"
	nextPageToken protoreflect.Name = "next_page_token"
)

// allPages makes a method of one that returns a page: it requests page after page, until it has as many items as the limit says or
// the list ends, and returns one response with the items of all. A limit of 0 is none.
func allPages[Req, Res proto.Message](s *Session, limit int32, m method[Req, Res]) method[Req, Res] {
	return pages(limit, m, func(string) { fmt.Fprintln(s.Err, "There are more: --limit 0 lists all of them.") })
}

// continued is allPages for a list that may be endless, and continues with a cursor.
func continued[Req, Res proto.Message](s *Session, limit int32, m method[Req, Res]) method[Req, Res] {
	return pages(limit, m, func(token string) { fmt.Fprintln(s.Err, "There are more: --cursor "+token+" continues the list.") })
}

// pages is allPages that calls more with the token of the next page where the limit ends the list.
func pages[Req, Res proto.Message](limit int32, m method[Req, Res], more func(token string)) method[Req, Res] {
	return func(ctx context.Context, req Req, opts ...grpc.CallOption) (all Res, err error) {
		for left := limit; ; {
			size := int32(maxPage)
			if limit > 0 {
				size = min(left, maxPage)
			}
			set(req, pageSize, protoreflect.ValueOfInt32(size))
			page, err := m(ctx, req, opts...)
			if err != nil {
				return all, err
			}
			next := field(page, nextPageToken)
			left -= int32(items(page))
			all = join(all, page)
			if next.String() == "" {
				return all, nil
			}
			if limit > 0 && left <= 0 {
				more(next.String())
				return all, nil
			}
			set(req, pageToken, next)
		}
	}
}

// join appends a page to those before it. The token is the last page's.
func join[Res proto.Message](all, page Res) Res {
	if !all.ProtoReflect().IsValid() {
		return page
	}
	token := field(page, nextPageToken)
	proto.Merge(all, page)
	set(all, nextPageToken, token)
	return all
}

func field(m proto.Message, name protoreflect.Name) protoreflect.Value {
	return m.ProtoReflect().Get(m.ProtoReflect().Descriptor().Fields().ByName(name))
}

func set(m proto.Message, name protoreflect.Name, value protoreflect.Value) {
	m.ProtoReflect().Set(m.ProtoReflect().Descriptor().Fields().ByName(name), value)
}

// items is how many a page has, in its only list.
func items(page proto.Message) (n int) {
	page.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if f.IsList() {
			n += v.List().Len()
		}
		return true
	})
	return n
}

// remote is a service that is connected to with the first call.
type remote struct {
	session *Session
	service string
}

// Invoke is part of grpc.ClientConnInterface. The call ends after --timeout, and its error says what to fix.
func (r remote) Invoke(ctx context.Context, method string, req, res any, opts ...grpc.CallOption) error {
	conn, err := r.session.dial(r.service)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, conn.timeout)
	defer cancel()
	if err := conn.Invoke(ctx, method, req, res, opts...); err != nil {
		return conn.explain(method, namesFor(ctx, method), err)
	}
	return nil
}

// NewStream is part of grpc.ClientConnInterface. A stream has no timeout; its errors say what to fix.
func (r remote) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	conn, err := r.session.dial(r.service)
	if err != nil {
		return nil, err
	}
	stream, err := conn.NewStream(ctx, desc, method, opts...)
	if err != nil {
		return nil, conn.explain(method, namesFor(ctx, method), err)
	}
	return explainedStream{ClientStream: stream, conn: conn, method: method}, nil
}

// explainedStream is a stream whose errors say what to fix.
type explainedStream struct {
	grpc.ClientStream

	conn   connection
	method string
}

// RecvMsg is part of grpc.ClientStream.
func (e explainedStream) RecvMsg(m any) error {
	err := e.ClientStream.RecvMsg(m)
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return e.conn.explain(e.method, namesFor(e.Context(), e.method), err)
}
