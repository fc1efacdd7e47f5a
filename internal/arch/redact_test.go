package arch

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	_ "github.com/vidocu/usher/gen/usher/activity/v1"
	_ "github.com/vidocu/usher/gen/usher/authz/v1"
	_ "github.com/vidocu/usher/gen/usher/consent/v1"
	_ "github.com/vidocu/usher/gen/usher/error/v1"
	_ "github.com/vidocu/usher/gen/usher/event/v1"
	_ "github.com/vidocu/usher/gen/usher/identity/v1"
	rpcv1 "github.com/vidocu/usher/gen/usher/rpc/v1"
	_ "github.com/vidocu/usher/gen/usher/token/v1"
)

func TestEveryFieldThatCarriesASecretIsMarked(t *testing.T) {
	used := map[protoreflect.Name]bool{}
	seen := map[string]bool{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if strings.HasPrefix(file.Path(), "usher/") {
			seen[goPackage(file)] = true
			none(t, Unredacted(file, PublicFields(), used))
		}
		return true
	})
	for name := range PublicFields() {
		if !used[name] {
			t.Errorf("no field needs the exception for %s any more", name)
		}
	}
	everyContractIsSeen(t, seen)
}

// everyContractIsSeen fails for a contract that this test does not import: its fields would not be
// checked.
func everyContractIsSeen(t *testing.T, seen map[string]bool) {
	t.Helper()
	pkgs, err := Load(context.Background(), filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range pkgs {
		if strings.HasPrefix(pkg.ImportPath, Module+"/gen/usher/") && !seen[pkg.ImportPath] {
			t.Errorf("import %s here, so that its fields are checked", pkg.ImportPath)
		}
	}
}

func goPackage(file protoreflect.FileDescriptor) string {
	options, _ := file.Options().(*descriptorpb.FileOptions)
	path, _, _ := strings.Cut(options.GetGoPackage(), ";")
	return path
}

func TestUnmarkedSecretsAreFound(t *testing.T) {
	field := func(name string, kind descriptorpb.FieldDescriptorProto_Type, redact bool) *descriptorpb.FieldDescriptorProto {
		options := &descriptorpb.FieldOptions{}
		proto.SetExtension(options, rpcv1.E_Secret, redact)
		return &descriptorpb.FieldDescriptorProto{
			Name: proto.String(name), Type: kind.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
			Options: options,
		}
	}
	fields := []*descriptorpb.FieldDescriptorProto{
		field("session_token", descriptorpb.FieldDescriptorProto_TYPE_STRING, false),
		field("sealed_secret", descriptorpb.FieldDescriptorProto_TYPE_BYTES, false),
		field("password", descriptorpb.FieldDescriptorProto_TYPE_STRING, true),
		field("token_type", descriptorpb.FieldDescriptorProto_TYPE_STRING, false),
		field("token_count", descriptorpb.FieldDescriptorProto_TYPE_INT32, false),
		field("display_name", descriptorpb.FieldDescriptorProto_TYPE_STRING, false),
	}
	for i, f := range fields {
		f.Number = proto.Int32(int32(i + 1))
	}
	inner := &descriptorpb.DescriptorProto{Name: proto.String("Inner"), Field: fields}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("planted.proto"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Outer"), NestedType: []*descriptorpb.DescriptorProto{inner}}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	used := map[protoreflect.Name]bool{}
	if got := Unredacted(file, PublicFields(), used); len(got) != 2 {
		t.Errorf("found %q, want session_token and sealed_secret", got)
	}
	if !used["token_type"] {
		t.Error("the exception for token_type was not noted as used")
	}
}

// TestFault_D11_JavaGetsPlainNames: without the two options a message is
// usher.token.v1.IntrospectionServiceOuterClass.….
func TestFault_D11_JavaGetsPlainNames(t *testing.T) {
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		options, _ := file.Options().(*descriptorpb.FileOptions)
		if strings.HasPrefix(string(file.Package()), "usher.") {
			if want := "com.vidocu." + string(file.Package()); options.GetJavaPackage() != want || !options.GetJavaMultipleFiles() {
				t.Errorf("%s: the Java package is %q and multiple files %t", file.Path(), options.GetJavaPackage(), options.GetJavaMultipleFiles())
			}
		}
		return true
	})
}
