package dialect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/jsonbody"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// bodyMarshaler decodes the documents' JSON, or a form; the response is JSON for both (RFC 6749 §5.1).
type bodyMarshaler struct {
	runtime.Marshaler

	decode func(body []byte, msg proto.Message) error
}

// NewDecoder is runtime.Marshaler.
func (b bodyMarshaler) NewDecoder(r io.Reader) runtime.Decoder { return decoder(r, b.decode) }

// bufferedBody is a body in memory. The runtime converts a decoder's error to text; the error
// itself is kept here for the error handler.
type bufferedBody struct {
	*bytes.Reader

	err error
}

// Close is io.Closer.
func (*bufferedBody) Close() error { return nil }

func decoder(r io.Reader, decode func([]byte, proto.Message) error) runtime.Decoder {
	read := decodeFrom(r, decode)
	sent, ok := r.(*bufferedBody)
	if !ok {
		return runtime.DecoderFunc(read)
	}
	return runtime.DecoderFunc(func(v any) error {
		sent.err = read(v)
		return sent.err
	})
}

func decodeFrom(r io.Reader, decode func([]byte, proto.Message) error) func(v any) error {
	return func(v any) error {
		body, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		msg, ok := v.(proto.Message)
		if !ok {
			return errors.New("a body is decoded into a proto message only")
		}
		if err := decode(body, msg); err != nil {
			return err
		}
		return refuseNUL(msg.ProtoReflect())
	}
}

// decodeJSON decodes exactly one object. Known members must be strings, appear once and be spelled
// exactly; those of list fields may also be lists of strings. Unknown members are ignored.
func decodeJSON(body []byte, msg proto.Message) error {
	m := msg.ProtoReflect()
	fields := m.Descriptor().Fields()
	body, lists, err := takeLists(body, fields)
	if err != nil {
		return err
	}
	if err := decodeStrings(body, msg); err != nil {
		return err
	}
	for name, values := range lists {
		setList(m, fields.ByTextName(name), values)
	}
	return nil
}

// decodeStrings decodes the members that are strings.
func decodeStrings(body []byte, msg proto.Message) error {
	err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(body, msg)
	if err == nil && !bytes.Contains(body, []byte("null")) { // protojson treats null as an absent member
		return nil
	}
	fields := msg.ProtoReflect().Descriptor().Fields()
	isField := func(name string) bool {
		field := fields.ByTextName(name)
		return field != nil && !field.IsList()
	}
	if field := jsonbody.InvalidMember(body, isField); field != "" {
		return invalid(errorv1.Cause_CAUSE_PARAMETER_MALFORMED, field, jsonbody.NotOneString)
	}
	switch {
	case err == nil:
		return nil
	case isFormWithField(body, fields):
		return oerr.Refuse(errorv1.Cause_CAUSE_BODY_FORM_SENT_AS_JSON,
			"the body is a form, and Content-Type says JSON: send Content-Type "+httpx.TypeForm)
	}
	return oerr.Refuse(errorv1.Cause_CAUSE_BODY_MALFORMED, jsonbody.ErrNotObject.Error())
}

// isFormWithField reports whether a body is a form with a known parameter.
func isFormWithField(body []byte, fields protoreflect.FieldDescriptors) bool {
	params, err := oauth.ParseForm(string(body))
	if err != nil {
		return false
	}
	for i := range fields.Len() {
		if _, present, _ := params.Get(fields.Get(i).TextName()); present {
			return true
		}
	}
	return false
}

// isJSONObject reports whether a body is a JSON object, which no client sends as a form.
func isJSONObject(body []byte) bool {
	body = bytes.TrimSpace(body)
	return bytes.HasPrefix(body, []byte("{")) && json.Valid(body)
}

// decodeForm decodes known parameters, each at most once if it is not a list; a parameter without a
// value is treated as omitted (RFC 6749 §3.2).
func decodeForm(body []byte, msg proto.Message) error {
	if isJSONObject(body) {
		return oerr.Refuse(errorv1.Cause_CAUSE_BODY_JSON_SENT_AS_FORM,
			"the body is JSON, and Content-Type says a form: send Content-Type "+httpx.TypeJSON)
	}
	params, err := oauth.ParseForm(string(body))
	if err != nil {
		return oerr.Refuse(errorv1.Cause_CAUSE_BODY_MALFORMED, fmt.Sprintf("the body is not a form: %v", err))
	}
	m := msg.ProtoReflect()
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if field.IsList() {
			setList(m, field, params.Values(field.TextName()))
			continue
		}
		value, present, repeated := params.Get(field.TextName())
		if repeated {
			return invalid(errorv1.Cause_CAUSE_PARAMETER_REPEATED, field.TextName(), "is repeated")
		}
		if present && value != "" {
			m.Set(field, protoreflect.ValueOfString(value))
		}
	}
	return nil
}

// refuseNUL refuses a value with a NUL character, which no parameter allows and PostgreSQL cannot
// store.
func refuseNUL(m protoreflect.Message) error {
	var err error
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		if hasNUL(field, value) {
			err = invalid(errorv1.Cause_CAUSE_PARAMETER_MALFORMED, field.TextName(), "has a NUL character")
		}
		return err == nil
	})
	return err
}

func hasNUL(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
	if !field.IsList() {
		return strings.IndexByte(value.String(), 0) >= 0
	}
	list := value.List()
	for i := range list.Len() {
		if strings.IndexByte(list.Get(i).String(), 0) >= 0 {
			return true
		}
	}
	return false
}

func invalid(cause errorv1.Cause, field, problem string) error {
	return oerr.Refuse(cause, field+" "+problem, oerr.WithField(field))
}
