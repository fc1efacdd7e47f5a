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

// jsonBody reads the documents' JSON.
type jsonBody struct{ runtime.Marshaler }

// NewDecoder is runtime.Marshaler.
func (jsonBody) NewDecoder(r io.Reader) runtime.Decoder { return decoder(r, decodeJSON) }

// formBody reads a form; the answer is JSON (RFC 6749 §5.1).
type formBody struct{ runtime.Marshaler }

// NewDecoder is runtime.Marshaler.
func (formBody) NewDecoder(r io.Reader) runtime.Decoder { return decoder(r, decodeForm) }

// sentBody is a body that was read whole. The runtime makes a text of what a decoder says: the fault itself stays here, for the
// error handler.
type sentBody struct {
	*bytes.Reader

	fault error
}

// Close is io.Closer.
func (*sentBody) Close() error { return nil }

func decoder(r io.Reader, decode func([]byte, proto.Message) error) runtime.Decoder {
	read := decodeFrom(r, decode)
	sent, ok := r.(*sentBody)
	if !ok {
		return runtime.DecoderFunc(read)
	}
	return runtime.DecoderFunc(func(v any) error {
		sent.fault = read(v)
		return sent.fault
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
			return errors.New("a body is decoded into a message alone")
		}
		if err := decode(body, msg); err != nil {
			return err
		}
		return checkTexts(msg.ProtoReflect())
	}
}

// decodeJSON reads one object and nothing behind it. Members that are known must be texts, once, spelled exactly; others
// are ignored.
func decodeJSON(body []byte, msg proto.Message) error {
	err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(body, msg)
	if err == nil && !bytes.Contains(body, []byte("null")) { // which protojson takes for an absent member
		return nil
	}
	fields := msg.ProtoReflect().Descriptor().Fields()
	known := func(name string) bool { return fields.ByTextName(name) != nil }
	if field := jsonbody.Culprit(body, known); field != "" {
		return invalid(errorv1.Cause_CAUSE_PARAMETER_MALFORMED, field, jsonbody.NotOneString)
	}
	switch {
	case err == nil:
		return nil
	case formHas(body, fields):
		return oerr.Refuse(errorv1.Cause_CAUSE_BODY_FORM_SENT_AS_JSON,
			"the body is a form, and Content-Type says JSON: send Content-Type "+httpx.TypeForm)
	}
	return oerr.Refuse(errorv1.Cause_CAUSE_BODY_MALFORMED, jsonbody.ErrNotObject.Error())
}

// formHas reports whether a body is a form with a parameter that is known.
func formHas(body []byte, fields protoreflect.FieldDescriptors) bool {
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

// jsonObject reports whether a body is a JSON object, which no form is that anybody sends.
func jsonObject(body []byte) bool {
	body = bytes.TrimSpace(body)
	return bytes.HasPrefix(body, []byte("{")) && json.Valid(body)
}

// decodeForm reads known parameters, each at most once; one without a value counts as omitted (RFC 6749 §3.2).
func decodeForm(body []byte, msg proto.Message) error {
	if jsonObject(body) {
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

// checkTexts refuses NUL, which no parameter may hold and PostgreSQL cannot.
func checkTexts(m protoreflect.Message) error {
	var fault error
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		if strings.IndexByte(value.String(), 0) >= 0 {
			fault = invalid(errorv1.Cause_CAUSE_PARAMETER_MALFORMED, field.TextName(), "has a NUL character")
		}
		return fault == nil
	})
	return fault
}

func invalid(cause errorv1.Cause, field, problem string) error {
	return oerr.Refuse(cause, field+" "+problem, oerr.WithField(field))
}
