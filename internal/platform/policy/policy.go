// Package policy decides who may call an RPC. The rule is written at the RPC, as the method option `callers`, and read by
// reflection when a server starts: a method without it stops the start.
//
// It owns the rule and its check. It never authenticates: the transport's credentials name the caller.
package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	rpcv1 "github.com/vidocu/usher/gen/usher/rpc/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// Named is a connection's authentication that says who is at the other end.
type Named interface {
	// CallerName is the last segment of the caller's SPIFFE path, or what stands for it in memory.
	CallerName() string
}

// Local is the name of whoever reaches the development's plaintext port: a resource server and nothing more.
const Local = "local"

// Config is what the protos do not say.
type Config struct {
	// ResourceServers are the names, besides Local, that count as CALLER_RESOURCE_SERVER.
	ResourceServers []string
	// Foreign gives services that are not ours, such as health, their callers; all their methods alike.
	Foreign map[string][]rpcv1.Caller
}

// callers is a set of rpcv1.Caller, a bit each.
type callers uint64

func setOf(list []rpcv1.Caller) callers {
	var set callers
	for _, c := range list {
		set |= 1 << c
	}
	return set
}

// Policy is the rules of one server.
type Policy struct {
	methods map[string]callers
	names   map[string]callers
}

// Build reads the rule of every method that a server offers. A method without one, or with CALLER_UNSPECIFIED in it, is an error.
func Build(services map[string]grpc.ServiceInfo, config Config) (*Policy, error) {
	p := &Policy{methods: make(map[string]callers), names: namesOf(config)}
	var errs []error
	for service, info := range services {
		for _, m := range info.Methods {
			list, err := rule(service, m.Name, config.Foreign)
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

func namesOf(config Config) map[string]callers {
	any := callers(1) << rpcv1.Caller_CALLER_ANY
	names := map[string]callers{Local: 1<<rpcv1.Caller_CALLER_RESOURCE_SERVER | any}
	for _, name := range config.ResourceServers {
		names[name] = 1<<rpcv1.Caller_CALLER_RESOURCE_SERVER | any
	}
	// Last, so that no configuration can rename one of ours.
	for name, c := range map[string]rpcv1.Caller{
		"gateway": rpcv1.Caller_CALLER_GATEWAY, "consent": rpcv1.Caller_CALLER_CONSENT, "token": rpcv1.Caller_CALLER_TOKEN,
		"authz": rpcv1.Caller_CALLER_AUTHZ, "identity": rpcv1.Caller_CALLER_IDENTITY, "operator": rpcv1.Caller_CALLER_OPERATOR,
	} {
		names[name] = 1<<c | any
	}
	return names
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

// Check lets the caller of ctx through to a method, or answers CALLER_DENIED.
func (p *Policy) Check(ctx context.Context, fullMethod string) error {
	name, ok := CallerFrom(ctx)
	if ok && p.names[name]&p.methods[fullMethod] != 0 {
		return nil
	}
	return oerr.New(errorv1.Reason_REASON_CALLER_DENIED, "this caller may not use this RPC",
		oerr.WithInner(fmt.Errorf("caller %q", name)))
}

// Own reports whether the caller is one of our own services: not a resource server, nor an operator.
func Own(ctx context.Context) bool {
	name, _ := CallerFrom(ctx)
	switch name {
	case "gateway", "consent", "token", "authz", "identity":
		return true
	}
	return false
}

// CallerFrom is who called, as the transport proved it.
func CallerFrom(ctx context.Context) (string, bool) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return "", false
	}
	named, ok := p.AuthInfo.(Named)
	if !ok {
		return "", false
	}
	return named.CallerName(), true
}
