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

	"github.com/vidocu/usher/gateway/internal/jsonbody"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// jsonBody reads the documents' JSON.
type jsonBody struct{ runtime.Marshaler }

// NewDecoder is runtime.Marshaler.
func (jsonBody) NewDecoder(r io.Reader) runtime.Decoder { return decoder(r, decodeJSON) }

// formBody reads a form; the answer is JSON (RFC 6749 §5.1).
type formBody struct{ runtime.Marshaler }

// NewDecoder is runtime.Marshaler.
func (formBody) NewDecoder(r io.Reader) runtime.Decoder { return decoder(r, decodeForm) }

func decoder(r io.Reader, decode func([]byte, proto.Message) error) runtime.Decoder {
	return runtime.DecoderFunc(func(v any) error {
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
	})
}

// decodeJSON reads one object and nothing behind it. Members that are known must be texts, once, spelled exactly; others
// are ignored.
func decodeJSON(body []byte, msg proto.Message) error {
	err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(body, msg)
	if err == nil && !bytes.Contains(body, []byte("null")) { // which protojson takes for an absent member
		return nil
	}
	fields := msg.ProtoReflect().Descriptor().Fields()
	known := func(name string) bool { return name != ours && fields.ByTextName(name) != nil }
	if field := jsonbody.Culprit(body, known); field != "" {
		return invalid(field, jsonbody.NotOneText)
	}
	if err != nil && bytes.Contains(body, []byte(ours)) {
		err = decodeWithoutOurs(body, msg)
	}
	if err != nil {
		return jsonbody.ErrNotObject
	}
	return nil
}

// ours is the field that the gateway fills itself: in a body it is an unknown one.
const ours = "source_address"

// decodeWithoutOurs is for a body in which our own field may be what cannot be read.
func decodeWithoutOurs(body []byte, msg proto.Message) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return err
	}
	delete(members, ours)
	rest, err := json.Marshal(members)
	if err != nil {
		return err
	}
	return (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(rest, msg)
}

// decodeForm reads known parameters, each at most once; one without a value counts as omitted (RFC 6749 §3.2).
func decodeForm(body []byte, msg proto.Message) error {
	params, err := oauth.ParseForm(string(body))
	if err != nil {
		return fmt.Errorf("the body is not a form: %w", err)
	}
	m := msg.ProtoReflect()
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if field.TextName() == ours {
			continue
		}
		value, present, repeated := params.Get(field.TextName())
		if repeated {
			return invalid(field.TextName(), "is repeated")
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
			fault = invalid(field.TextName(), "has a NUL character")
		}
		return fault == nil
	})
	return fault
}

func invalid(field, problem string) error { return fmt.Errorf("%s %s", field, problem) }
