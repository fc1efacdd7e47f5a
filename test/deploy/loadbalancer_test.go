package deploy_test

import (
	"testing"

	"github.com/vidocu/usher/test/deploy"
)

// TestALoadBalancerThatIsNoPodReachesTheGatewayAlone, from one network, at its public port, and every rule still holds.
func TestALoadBalancerThatIsNoPodReachesTheGatewayAlone(t *testing.T) {
	all := parse(t, buildFolder(t, "testdata/load-balancer"))
	found := false
	for _, o := range all {
		if o.Name() != "ingress-load-balancer" {
			continue
		}
		found = true
		pod, port := o.Text("spec", "podSelector", "matchLabels", "app.kubernetes.io/name"), o.Text("spec", "ingress", "0", "ports", "0", "port")
		if pod != "gateway" || port != "8080" || len(o.List("spec", "ingress", "0", "ports")) != 1 {
			t.Errorf("it reaches %s at %s", pod, port)
		}
		from := o.List("spec", "ingress", "0", "from")
		if len(o.List("spec", "ingress")) != 1 || len(from) != 1 || len(from[0]) != 1 || from[0].At("ipBlock", "cidr") == nil {
			t.Errorf("it admits %v, want one ipBlock", o.At("spec", "ingress"))
		}
	}
	if !found {
		t.Error("the component has no policy")
	}
	for _, r := range deploy.Rules() {
		for _, broken := range r.Check(all) {
			t.Errorf("%s: %s", r.Name, broken)
		}
	}
}
