package apidoc

import (
	"fmt"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	rpcv1 "github.com/vidocu/usher/gen/usher/rpc/v1"
)

// Protos are the protos with their comments.
type Protos struct{ files *protoregistry.Files }

// NewProtos returns the protos of files that include each other.
func NewProtos(files []*descriptorpb.FileDescriptorProto) (Protos, error) {
	all, err := protodesc.NewFiles(&descriptorpb.FileDescriptorSet{File: files})
	return Protos{all}, err
}

// binding is a method that clients call over HTTP.
type binding struct {
	rpc          protoreflect.MethodDescriptor
	method, path string
}

// bindings returns the methods with the option google.api.http, in the order of their paths.
func (p Protos) bindings() ([]binding, error) {
	var all []binding
	var failed error
	p.files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				rule, ok := proto.GetExtension(methods.Get(j).Options(), annotations.E_Http).(*annotations.HttpRule)
				if !ok || rule == nil {
					continue
				}
				method, path := verb(rule)
				if method == "" {
					failed = fmt.Errorf("%s has a google.api.http rule that the description cannot show", methods.Get(j).FullName())
				}
				all = append(all, binding{methods.Get(j), method, path})
			}
		}
		return true
	})
	return all, failed
}

// verb returns the method, in lower case, and the path of a rule.
func verb(rule *annotations.HttpRule) (method, path string) {
	switch {
	case rule.GetPost() != "":
		return "post", rule.GetPost()
	case rule.GetGet() != "":
		return "get", rule.GetGet()
	case rule.GetPut() != "":
		return "put", rule.GetPut()
	case rule.GetPatch() != "":
		return "patch", rule.GetPatch()
	case rule.GetDelete() != "":
		return "delete", rule.GetDelete()
	}
	return "", ""
}

// comment returns the comment before a descriptor, as one line.
func comment(d protoreflect.Descriptor) string {
	text := d.ParentFile().SourceLocations().ByDescriptor(d).LeadingComments
	return strings.Join(strings.Fields(text), " ")
}

// isSecret reports whether a field holds a credential.
func isSecret(field protoreflect.FieldDescriptor) bool {
	secret, ok := proto.GetExtension(field.Options(), rpcv1.E_Secret).(bool)
	return ok && secret
}
