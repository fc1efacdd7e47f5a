package netpol_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoregistry"

	rpcv1 "github.com/vidocu/usher/gen/usher/rpc/v1"
	"github.com/vidocu/usher/internal/netpol"
)

// policy is the part of a policy that a cluster reads.
type policy struct {
	Metadata struct{ Name string }
	Spec     struct {
		PodSelector selector `yaml:"podSelector"`
		PolicyTypes []string `yaml:"policyTypes"`
		Ingress     []rule
		Egress      []rule
	}
}

type rule struct {
	From, To []peer
	Ports    []struct{ Port int }
}

type peer struct {
	Namespace *selector `yaml:"namespaceSelector"`
	Pod       *selector `yaml:"podSelector"`
	Block     *struct {
		CIDR   string
		Except []string
	} `yaml:"ipBlock"`
}

type selector struct {
	MatchLabels map[string]string `yaml:"matchLabels"`
}

func render(t *testing.T, edges []netpol.Edge) map[string]policy {
	t.Helper()
	text, err := netpol.Render(edges)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]policy{}
	for dec := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var p policy
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return byName
		} else if err != nil {
			t.Fatal(err)
		}
		byName[p.Metadata.Name] = p
	}
}

func TestTheFileIsWhatTheContractGives(t *testing.T) {
	want, err := netpol.Render(netpol.Edges(protoregistry.GlobalFiles))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../deploy/k8s/base/networkpolicy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("deploy/k8s/base/networkpolicy.yaml is stale: run make netpol")
	}
}

func TestACallerAtAnRPCOpensOneDoorAndNoOther(t *testing.T) {
	before := render(t, nil)
	if n := len(before["authz"].Spec.Ingress); n != 1 { // the admin port's
		t.Fatalf("without callers authz has %d ways in, want the admin port's alone", n)
	}
	after := render(t, []netpol.Edge{{Caller: rpcv1.Caller_CALLER_CONSENT, Service: "authz"}})
	in := after["authz"].Spec.Ingress[0]
	if len(in.From) != 1 || in.From[0].Pod == nil || in.From[0].Pod.MatchLabels["app.kubernetes.io/name"] != "consent" || in.Ports[0].Port != 9090 {
		t.Errorf("authz lets in %+v, want consent at its gRPC port", in)
	}
	if out := len(after["consent"].Spec.Egress) - len(before["consent"].Spec.Egress); out != 1 {
		t.Errorf("consent has %d more ways out, want 1", out)
	}
	if len(after["token"].Spec.Ingress) != len(before["token"].Spec.Ingress) {
		t.Error("the token service opened a door too")
	}
}

func TestCallsRunOneWay(t *testing.T) {
	order := []string{"gateway", "activity", "consent", "token", "authz", "identity"}
	for _, edge := range netpol.Edges(protoregistry.GlobalFiles) {
		caller := strings.ToLower(strings.TrimPrefix(edge.Caller.String(), "CALLER_"))
		if slices.Contains(order, caller) && slices.Index(order, caller) >= slices.Index(order, edge.Service) {
			t.Errorf("%s may call %s", caller, edge.Service)
		}
	}
}

func TestEveryPodIsClosedBothWaysAndEveryDoorIsOneCallersAndOnePorts(t *testing.T) {
	for name, p := range render(t, netpol.Edges(protoregistry.GlobalFiles)) {
		if !slices.Equal(p.Spec.PolicyTypes, []string{"Ingress", "Egress"}) || len(p.Spec.PodSelector.MatchLabels) == 0 {
			t.Errorf("%s leaves a direction or a pod open: %+v", name, p.Spec)
		}
		for _, in := range p.Spec.Ingress {
			if len(in.From) == 0 || len(in.Ports) != 1 {
				t.Errorf("%s allows every source, or every port", name)
			}
		}
	}
}

func TestFromOtherNamespacesOnlyResourceServersReachGRPC(t *testing.T) {
	for name, p := range render(t, netpol.Edges(protoregistry.GlobalFiles)) {
		for _, in := range p.Spec.Ingress {
			for _, from := range in.From {
				if in.Ports[0].Port != 9090 || from.Namespace == nil {
					continue
				}
				if name != "token" || from.Namespace.MatchLabels["usher.vidocu.com/resource-servers"] != "allowed" || from.Pod == nil {
					t.Errorf("%s lets in %+v", name, from)
				}
			}
		}
	}
}

// TestN5_3_OnlyAuthzReachesTheInternet: at the port of https, and no private address.
func TestN5_3_OnlyAuthzReachesTheInternet(t *testing.T) {
	for name, p := range render(t, netpol.Edges(protoregistry.GlobalFiles)) {
		blocks := 0
		for _, out := range p.Spec.Egress {
			for _, to := range out.To {
				if to.Block == nil {
					continue
				}
				blocks++
				if name != "authz" || len(out.Ports) != 1 || out.Ports[0].Port != 443 || len(to.Block.Except) == 0 {
					t.Errorf("%s may connect to %+v at %+v", name, to.Block, out.Ports)
				}
			}
		}
		if name == "authz" && blocks != 2 {
			t.Errorf("authz has %d ways to the internet, want one for each version of IP", blocks)
		}
	}
}
