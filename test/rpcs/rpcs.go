// Package rpcs lists the RPCs of the contract for the tests of every one of them.
//
// It owns the reading of the proto descriptors: which RPCs exist, who may call each, and what each takes
// and returns. It never calls one, and holds no expectation of its own.
package rpcs

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	_ "github.com/vidocu/usher/gen/usher/activity/v1" // registers its descriptors
	_ "github.com/vidocu/usher/gen/usher/authz/v1"    // registers its descriptors
	_ "github.com/vidocu/usher/gen/usher/consent/v1"  // registers its descriptors
	_ "github.com/vidocu/usher/gen/usher/event/v1"    // registers its descriptors
	_ "github.com/vidocu/usher/gen/usher/identity/v1" // registers its descriptors
	rpcv1 "github.com/vidocu/usher/gen/usher/rpc/v1"
	_ "github.com/vidocu/usher/gen/usher/token/v1" // registers its descriptors
)

// Method is an RPC of the contract.
type Method struct {
	// Name is "token.v1.ApiKeyService/CreateApiKey".
	Name string
	// Callers are the names of the certificates that may call it, such as "gateway"; "resource_server" is
	// that of any resource server.
	Callers []string
	// Session says that a browser session authorizes it, and Reads that it changes nothing.
	Session, Reads bool
	Input, Output  protoreflect.MessageDescriptor
}

// Service returns the name of the process that serves it.
func (m Method) Service() string {
	service, _, _ := strings.Cut(m.Name, ".")
	return service
}

// Path returns the path of its requests.
func (m Method) Path() string { return "/usher." + m.Name }

// All returns every RPC that has callers, in the order of the names.
func All() []Method {
	var all []Method
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			list := file.Services().Get(i).Methods()
			for j := range list.Len() {
				if m := methodOf(list.Get(j)); len(m.Callers) > 0 {
					all = append(all, m)
				}
			}
		}
		return true
	})
	slices.SortFunc(all, func(a, b Method) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func methodOf(m protoreflect.MethodDescriptor) Method {
	options, _ := m.Options().(*descriptorpb.MethodOptions)
	callers, _ := proto.GetExtension(options, rpcv1.E_Callers).([]rpcv1.Caller)
	found := Method{
		Name:    strings.TrimPrefix(string(m.Parent().FullName()), "usher.") + "/" + string(m.Name()),
		Session: m.Input().Fields().ByName("session_token") != nil,
		Reads:   options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS,
		Input:   m.Input(), Output: m.Output(),
	}
	for _, c := range callers {
		found.Callers = append(found.Callers, strings.ToLower(strings.TrimPrefix(c.String(), "CALLER_")))
	}
	return found
}
