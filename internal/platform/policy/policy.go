// Package policy authorizes callers of RPCs. The allowed callers are declared at the RPC, as the
// method option `callers`, and read by reflection when a server starts: a method without it stops
// the start.
//
// It owns the check, and the names of the processes, which are those of the contract's enum Caller.
// It never authenticates: the transport's credentials name the caller.
package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	rpcv1 "github.com/vidocu/usher/gen/usher/rpc/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// The names of callers that rules of ours compare with.
const (
	// Local is every caller at the development's plaintext port: a resource server.
	Local = "local"
	// Operator is every operator: a caller through a service's socket, or with a certificate.
	Operator = "operator"
	// Gateway is the only caller that requests from outside come through.
	Gateway = "gateway"
)

// callers is a set of rpcv1.Caller, a bit each.
type callers uint64

func setOf(list []rpcv1.Caller) callers {
	var set callers
	for _, c := range list {
		set |= 1 << c
	}
	return set
}

// Policy has the allowed callers of one server's methods.
type Policy struct {
	methods map[string]callers
	names   map[string]callers
}

// Build reads the rule of every method that a server offers. A method without one, or with
// CALLER_UNSPECIFIED in it, is an error. resourceServers are the names, besides Local, of
// CALLER_RESOURCE_SERVER; foreign are the callers of services that are not ours, such as health, for
// all their methods.
func Build(services map[string]grpc.ServiceInfo, resourceServers []string, foreign map[string][]rpcv1.Caller) (*Policy, error) {
	p := &Policy{methods: make(map[string]callers), names: namesOf(resourceServers)}
	var errs []error
	for service, info := range services {
		for _, m := range info.Methods {
			list, err := rule(service, m.Name, foreign)
			if err == nil && (len(list) == 0 || slices.Contains(list, rpcv1.Caller_CALLER_UNSPECIFIED)) {
				err = errors.New("has no callers option")
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("RPC %s/%s: %w", service, m.Name, err))
				continue
			}
			p.methods["/"+service+"/"+m.Name] = setOf(list)
		}
	}
	return p, errors.Join(errs...)
}

func namesOf(resourceServers []string) map[string]callers {
	any := callers(1) << rpcv1.Caller_CALLER_ANY
	names := map[string]callers{Local: 1<<rpcv1.Caller_CALLER_RESOURCE_SERVER | any}
	for _, name := range resourceServers {
		names[name] = 1<<rpcv1.Caller_CALLER_RESOURCE_SERVER | any
	}
	// Last, so that no configuration can redefine one of ours.
	for name, c := range ownCallers() {
		names[name] = 1<<c | any
	}
	return names
}

// ownCallers returns the callers that the contract names, by the name in their certificates: the
// services, the gateway and the operator. The other values of the enum stand for several callers.
func ownCallers() map[string]rpcv1.Caller {
	own := make(map[string]rpcv1.Caller)
	for value, name := range rpcv1.Caller_name {
		switch c := rpcv1.Caller(value); c { //nolint:exhaustive // the others each have one name
		case rpcv1.Caller_CALLER_UNSPECIFIED, rpcv1.Caller_CALLER_RESOURCE_SERVER, rpcv1.Caller_CALLER_ANY:
		default:
			own[strings.ToLower(strings.TrimPrefix(name, "CALLER_"))] = c
		}
	}
	return own
}

func rule(service, method string, foreign map[string][]rpcv1.Caller) ([]rpcv1.Caller, error) {
	if list, ok := foreign[service]; ok {
		return list, nil
	}
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return nil, fmt.Errorf("is not described: %w", err)
	}
	sd, ok := d.(protoreflect.ServiceDescriptor)
	if !ok || sd.Methods().ByName(protoreflect.Name(method)) == nil {
		return nil, errors.New("is not described")
	}
	list, _ := proto.GetExtension(sd.Methods().ByName(protoreflect.Name(method)).Options(), rpcv1.E_Callers).([]rpcv1.Caller)
	return list, nil
}

// Check returns CALLER_DENIED unless the caller of ctx may call the method.
func (p *Policy) Check(ctx context.Context, fullMethod string) error {
	name, ok := CallerFrom(ctx)
	if ok && p.names[name]&p.methods[fullMethod] != 0 {
		return nil
	}
	return oerr.New(errorv1.Reason_REASON_CALLER_DENIED, "this caller may not use this RPC",
		oerr.WithInner(fmt.Errorf("caller %q", name)))
}

// Own reports whether the caller is one of our own services: not a resource server, nor an
// operator.
func Own(ctx context.Context) bool {
	name, _ := CallerFrom(ctx)
	return slices.Contains(Services(), name)
}

// IsOperator reports whether the caller is an operator.
func IsOperator(ctx context.Context) bool {
	caller, _ := CallerFrom(ctx)
	return caller == Operator
}

// Services returns the names of our own processes in an order in which each calls earlier ones
// only. They are data of the contract (usher.rpc.v1.Caller, docs/architecture.md): names of
// certificates, sections of a shared settings file and targets of connections.
func Services() []string {
	return []string{"identity", "authz", "token", "consent", "activity", Gateway}
}
