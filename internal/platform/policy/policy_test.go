package policy_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	rpcv1 "github.com/vidocu/usher/gen/usher/rpc/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/policy"
)

func name(caller string) credentials.AuthInfo { return policy.Caller{Name: caller} }

func as(caller credentials.AuthInfo) context.Context {
	return peer.NewContext(context.Background(), &peer.Peer{AuthInfo: caller})
}

func services() map[string]grpc.ServiceInfo {
	s := grpc.NewServer()
	tokenv1.RegisterIntrospectionServiceServer(s, tokenv1.UnimplementedIntrospectionServiceServer{})
	tokenv1.RegisterGrantServiceServer(s, tokenv1.UnimplementedGrantServiceServer{})
	return s.GetServiceInfo()
}

func TestOnlyTheCallersAtTheRPCPass(t *testing.T) {
	p, err := policy.Build(services(), []string{"video-api", "consent"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		caller  credentials.AuthInfo
		method  string
		allowed bool
	}{
		{name("consent"), tokenv1.GrantService_EndConnection_FullMethodName, true},
		{name("gateway"), tokenv1.GrantService_EndConnection_FullMethodName, false},
		{name("video-api"), tokenv1.GrantService_EndConnection_FullMethodName, false},
		{name("video-api"), tokenv1.IntrospectionService_IntrospectToken_FullMethodName, true},
		{name(policy.Local), tokenv1.IntrospectionService_IntrospectToken_FullMethodName, true},
		{name("consent"), tokenv1.IntrospectionService_IntrospectToken_FullMethodName, false},
		{name("stranger"), tokenv1.IntrospectionService_IntrospectToken_FullMethodName, false},
		{name(""), tokenv1.IntrospectionService_IntrospectToken_FullMethodName, false},
		{nil, tokenv1.IntrospectionService_IntrospectToken_FullMethodName, false},
		{credentials.TLSInfo{}, tokenv1.IntrospectionService_IntrospectToken_FullMethodName, false},
		{name("consent"), strings.TrimPrefix(tokenv1.GrantService_EndConnection_FullMethodName, "/"), false},
		{name("consent"), "/usher.token.v1.GrantService/Nothing", false},
	} {
		err := p.Check(as(c.caller), c.method)
		if got := err == nil; got != c.allowed {
			t.Errorf("%v at %s: %v", c.caller, c.method, err)
		}
		if err != nil && oerr.Reason(err) != errorv1.Reason_REASON_CALLER_DENIED {
			t.Errorf("%v at %s is refused as %s", c.caller, c.method, oerr.Reason(err))
		}
	}
}

func TestAMethodWithoutCallersStopsTheStart(t *testing.T) {
	for service, method := range map[string]string{"grpc.health.v1.Health": "Check", "no.such.Service": "Method", "usher.token.v1.GrantService": "NoSuch"} {
		with := services()
		with[service] = grpc.ServiceInfo{Methods: []grpc.MethodInfo{{Name: method}}}
		if _, err := policy.Build(with, nil, nil); err == nil || !strings.Contains(err.Error(), service+"/"+method) {
			t.Errorf("%s/%s: %v", service, method, err)
		}
	}
	with := services()
	with["grpc.health.v1.Health"] = grpc.ServiceInfo{Methods: []grpc.MethodInfo{{Name: "Check"}}}
	p, err := policy.Build(with, nil, map[string][]rpcv1.Caller{"grpc.health.v1.Health": {rpcv1.Caller_CALLER_ANY}})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(as(name("gateway")), "/grpc.health.v1.Health/Check"); err != nil {
		t.Error(err)
	}
}

// TestServicesAreCallersOfTheContract: the two lists are written in different files.
func TestServicesAreCallersOfTheContract(t *testing.T) {
	for _, service := range policy.Services() {
		if _, ok := rpcv1.Caller_value["CALLER_"+strings.ToUpper(service)]; !ok {
			t.Errorf("the contract has no caller %s", service)
		}
		if !policy.Own(as(name(service))) {
			t.Errorf("%s is not one of our own", service)
		}
	}
	for _, other := range []string{"operator", "resource_server", "any", "local", ""} {
		if policy.Own(as(name(other))) {
			t.Errorf("%q is one of our own", other)
		}
	}
}
