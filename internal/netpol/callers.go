package netpol

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	// The descriptors of every service.
	_ "github.com/vidocu/usher/gen/usher/activity/v1"
	_ "github.com/vidocu/usher/gen/usher/authz/v1"
	_ "github.com/vidocu/usher/gen/usher/consent/v1"
	_ "github.com/vidocu/usher/gen/usher/event/v1"
	_ "github.com/vidocu/usher/gen/usher/identity/v1"
	rpcv1 "github.com/vidocu/usher/gen/usher/rpc/v1"
	_ "github.com/vidocu/usher/gen/usher/token/v1"
)

// Edge is a connection that the contract allows: a caller may use an RPC of a service.
type Edge struct {
	Caller  rpcv1.Caller
	Service string
}

// Edges returns the callers of all RPCs, each pair once, in a fixed order. CALLER_ANY opens
// nothing: it is used only for services that are not ours.
func Edges(files *protoregistry.Files) []Edge {
	found := map[Edge]bool{}
	files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		services := servicesOf(f.Package())
		for i := range f.Services().Len() {
			methods := f.Services().Get(i).Methods()
			for j := range methods.Len() {
				for _, caller := range callersOf(methods.Get(j)) {
					if caller == rpcv1.Caller_CALLER_ANY {
						continue
					}
					for _, service := range services {
						found[Edge{caller, service}] = true
					}
				}
			}
		}
		return true
	})
	return slices.SortedFunc(maps.Keys(found), func(a, b Edge) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Caller, b.Caller))
	})
}

// servicesOf returns the processes that serve a package: usher.token.v1 is the token service's, and
// usher.event.v1 is served by each service whose events the activity service follows. A package that
// is not ours has none.
func servicesOf(pkg protoreflect.FullName) []string {
	parts := strings.Split(string(pkg), ".")
	if len(parts) != 3 || parts[0] != "usher" {
		return nil
	}
	if parts[1] == "event" {
		return []string{"identity", "authz", "token", "consent"}
	}
	return parts[1:2]
}

func callersOf(m protoreflect.MethodDescriptor) []rpcv1.Caller {
	list, _ := proto.GetExtension(m.Options(), rpcv1.E_Callers).([]rpcv1.Caller)
	return list
}
