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
	if field := culprit(body, msg); field != "" {
		return invalid(field, "must be a text, once")
	}
	if err != nil {
		return errors.New("the body is not one JSON object in UTF-8")
	}
	return nil
}

// culprit finds the member that could not be read, for the message alone; empty if it is the whole that could not.
func culprit(body []byte, msg proto.Message) string {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // a number beyond a float's range is still a number, and none of ours
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return ""
	}
	fields, seen := msg.ProtoReflect().Descriptor().Fields(), map[string]bool{}
	for d.More() {
		key, err := d.Token()
		name, ok := key.(string)
		if err != nil || !ok {
			return ""
		}
		var value any
		if d.Decode(&value) != nil {
			return ""
		}
		if fields.ByTextName(name) == nil {
			continue
		}
		if _, text := value.(string); !text || seen[name] {
			return name
		}
		seen[name] = true
	}
	return ""
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
