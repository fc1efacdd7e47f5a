package deploy

import (
	"slices"
	"strings"
)

// adminIsInside: no Service or route exposes the admin port, and only Prometheus may connect to it.
func adminIsInside(all []Object) (broken []string) {
	for _, o := range all {
		switch o.Kind() {
		case "Service":
			if t := o.At("spec", "type"); t != nil && t != "ClusterIP" {
				broken = append(broken, "the Service "+o.Name()+" is reached from outside the cluster")
			}
			if o.Text("spec", "clusterIP") != "None" && offersAdmin(o) {
				broken = append(broken, "the Service "+o.Name()+" gives the admin port an address")
			}
		case "HTTPRoute", "Ingress":
			broken = append(broken, routes(o)...)
		case "NetworkPolicy":
			broken = append(broken, opensAdmin(o)...)
		}
	}
	return broken
}

func offersAdmin(service Object) bool {
	return slices.ContainsFunc(service.List("spec", "ports"), func(p Object) bool {
		return p.Text("targetPort") == "admin" || p.Text("targetPort") == "8081" || p.Text("port") == "8081"
	})
}

// routes checks that a route has only the gateway's Service and its public port.
func routes(o Object) (broken []string) {
	for _, rule := range o.List("spec", "rules") {
		for _, b := range rule.List("backendRefs") {
			if b.Text("name") != "gateway" || b.Text("port") != "80" {
				broken = append(broken, o.Kind()+" leads to "+b.Text("name")+":"+b.Text("port"))
			}
		}
		for _, p := range rule.List("http", "paths") {
			if name, port := p.Text("backend", "service", "name"), p.Text("backend", "service", "port", "name"); name != "gateway" || port != "http" {
				broken = append(broken, o.Kind()+" leads to "+name+":"+port)
			}
		}
	}
	return broken
}

func opensAdmin(policy Object) (broken []string) {
	for _, in := range policy.List("spec", "ingress") {
		if !slices.ContainsFunc(in.List("ports"), func(p Object) bool { return p.Text("port") == "8081" }) && in.At("ports") != nil {
			continue
		}
		from := in.List("from")
		if len(from) != 1 || from[0].Text("podSelector", "matchLabels", "app.kubernetes.io/name") != "prometheus" {
			broken = append(broken, "the policy "+policy.Name()+" lets others than Prometheus to the admin port")
		}
	}
	return broken
}

// headlessServices: the DNS name of a service resolves to every replica; otherwise gRPC connects to
// one replica only.
func headlessServices(all []Object) (broken []string) {
	for _, o := range all {
		if o.Kind() == "Service" && o.Text("spec", "ports", "0", "name") == "grpc" && o.Text("spec", "clusterIP") != "None" {
			broken = append(broken, "the Service "+o.Name()+" is not headless")
		}
	}
	return broken
}

// closedByDefault: one policy selects all our pods and allows no traffic.
func closedByDefault(all []Object) (broken []string) {
	if len(deployments(all)) == 0 {
		return nil
	}
	deny := find(all, "NetworkPolicy", "usher-default-deny")
	if deny == nil || deny.Text("spec", "policyTypes") != "[Ingress Egress]" || deny.At("spec", "ingress") != nil || deny.At("spec", "egress") != nil {
		return []string{"no policy closes what no other opens"}
	}
	for _, w := range workloads(all) {
		if !selects(deny.labels("spec", "podSelector", "matchLabels"), podLabels(w)) {
			broken = append(broken, w.Name()+" is outside the closing policy")
		}
	}
	return broken
}

// oneTrustDomain: the certificates have the trust domain that the processes accept.
func oneTrustDomain(all []Object) (broken []string) {
	domain := ""
	for _, o := range all {
		if o.Kind() == "ConfigMap" && o.At("data", "USHER_TRUST_DOMAIN") != nil {
			domain = o.Text("data", "USHER_TRUST_DOMAIN")
		}
	}
	for _, o := range all {
		if o.Kind() != "Certificate" || o.Text("spec", "isCA") == "true" {
			continue
		}
		if want := "[spiffe://" + domain + "/" + o.Name() + "]"; o.Text("spec", "uris") != want {
			broken = append(broken, o.Name()+" has "+o.Text("spec", "uris")+", want "+want)
		}
		if usages := o.Text("spec", "usages"); !strings.Contains(usages, "server auth") || !strings.Contains(usages, "client auth") {
			broken = append(broken, o.Name()+" cannot both call and be called")
		}
	}
	return broken
}

// namedByDNS: clients other than our SDK verify a host name, and connect by the DNS names of the
// Service.
func namedByDNS(all []Object) (broken []string) {
	for _, o := range all {
		if o.Kind() != "Certificate" || o.Text("spec", "isCA") == "true" {
			continue
		}
		name, namespace := o.Name(), o.Text("metadata", "namespace")
		service := name + "." + namespace
		want := "[" + name + " " + service + " " + service + ".svc " + service + ".svc.cluster.local]"
		if got := o.Text("spec", "dnsNames"); got != want {
			broken = append(broken, name+" has the DNS names "+got+", want "+want)
		}
	}
	return broken
}
