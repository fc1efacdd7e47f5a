package arch

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	rpcv1 "github.com/vidocu/usher/gen/usher/rpc/v1"
)

// secretWords are in the name of every field that contains a secret.
var secretWords = []string{
	"token", "secret", "password", "code", "verifier", "session", "assertion", "cookie", "credential", "csrf",
}

// PublicFields are fields that contain no secret in spite of their names, each with the reason.
func PublicFields() map[protoreflect.Name]string {
	return map[protoreflect.Name]string{ //nolint:gosec // names of fields, not credentials
		"token_type":            "the word Bearer (RFC 6749 §7.1)",
		"token_type_hint":       "access_token or refresh_token (RFC 7009 §2.1)",
		"code_challenge_method": "the name of a hash function",
		"code_challenge":        "a hash that travels through the browser by design (RFC 7636 §4.3)",
		"token_kind":            "for whom a token acts: user, service, api_key or user_api",
		"token_hash":            "a hash of 256 random bits, from which no token follows",
		"page_token":            "where a page of a list begins",
		"next_page_token":       "where the next page of a list begins",
		"session_id":            "the hash of a session value, which is no session",

		"id_token_signed_response_alg": "the name of an algorithm (OpenID Connect Dynamic Client Registration 1.0 §2)",

		"client_assertion_type":           "a constant (RFC 7523 §2.2)",
		"token_endpoint_auth_method":      "how a client authenticates (RFC 7591 §2)",
		"token_endpoint_auth_signing_alg": "the name of an algorithm (OpenID Connect Dynamic Client Registration 1.0 §2)",
	}
}

// Unredacted reports the text fields of file whose name suggests a secret and that are not marked
// (usher.rpc.v1.secret), and records in used each exception that was needed.
func Unredacted(file protoreflect.FileDescriptor, public map[protoreflect.Name]string, used map[protoreflect.Name]bool) []string {
	var breaches []string
	eachField(file.Messages(), func(field protoreflect.FieldDescriptor) {
		if !carriesText(field) || !soundsSecret(field.Name()) || isRedacted(field) {
			return
		}
		if _, ok := public[field.Name()]; ok {
			used[field.Name()] = true
			return
		}
		breaches = append(breaches, fmt.Sprintf("%s: %s needs [(usher.rpc.v1.secret) = true]", file.Path(), field.FullName()))
	})
	return breaches
}

func eachField(messages protoreflect.MessageDescriptors, visit func(protoreflect.FieldDescriptor)) {
	for i := range messages.Len() {
		message := messages.Get(i)
		for j := range message.Fields().Len() {
			visit(message.Fields().Get(j))
		}
		eachField(message.Messages(), visit)
	}
}

// carriesText excludes numbers, enums and messages: the fields of a message are checked in the
// message.
func carriesText(field protoreflect.FieldDescriptor) bool {
	if field.IsMap() {
		field = field.MapValue()
	}
	return field.Kind() == protoreflect.StringKind || field.Kind() == protoreflect.BytesKind
}

func soundsSecret(name protoreflect.Name) bool {
	for _, word := range secretWords {
		if strings.Contains(string(name), word) {
			return true
		}
	}
	return false
}

func isRedacted(field protoreflect.FieldDescriptor) bool {
	options, ok := field.Options().(*descriptorpb.FieldOptions)
	marked, _ := proto.GetExtension(options, rpcv1.E_Secret).(bool)
	return ok && marked
}
