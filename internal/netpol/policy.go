package netpol

import (
	"slices"

	rpcv1 "github.com/vidocu/usher/gen/usher/rpc/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
	rpcpolicy "github.com/vidocu/usher/internal/platform/policy"
)

// The part of networking.k8s.io/v1 that is used, in the order in which it is read.
type (
	policy struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
		Spec       spec     `yaml:"spec"`
	}
	metadata struct {
		Name   string            `yaml:"name"`
		Labels map[string]string `yaml:"labels,omitempty"`
	}
	spec struct {
		PodSelector selector `yaml:"podSelector"`
		PolicyTypes []string `yaml:"policyTypes"`
		Ingress     []rule   `yaml:"ingress,omitempty"`
		Egress      []rule   `yaml:"egress,omitempty"`
	}
	rule struct {
		From  []peer `yaml:"from,omitempty"`
		To    []peer `yaml:"to,omitempty"`
		Ports []port `yaml:"ports"`
	}
	peer struct {
		Namespace *selector `yaml:"namespaceSelector,omitempty"`
		Pod       *selector `yaml:"podSelector,omitempty"`
		Block     *block    `yaml:"ipBlock,omitempty"`
	}
	block struct {
		CIDR   string   `yaml:"cidr"`
		Except []string `yaml:"except,omitempty"`
	}
	selector struct {
		MatchLabels map[string]string `yaml:"matchLabels,omitempty"`
	}
	port struct {
		Port     int    `yaml:"port"`
		Protocol string `yaml:"protocol"`
	}
)

// The ports of a pod, and of its stores.
const (
	grpcPort, httpPort, adminPort = 9090, 8080, 8081
	postgresPort, redisPort       = 5432, 6379
	httpsPort                     = 443
)

// The labels that the policies select. docs/kubernetes.md says who sets those with our prefix.
const (
	nameLabel   = "app.kubernetes.io/name"
	partLabel   = "app.kubernetes.io/part-of"
	callerLabel = "usher.vidocu.com/caller"
	storeLabel  = "usher.vidocu.com/store"
	// These are labels of namespaces, since a pod's own labels can be set by anyone who creates the
	// pod.
	resourceServersLabel = "usher.vidocu.com/resource-servers"
	entranceLabel        = "usher.vidocu.com/entrance"
	monitoringLabel      = "usher.vidocu.com/monitoring"
	allowed              = "allowed"
)

// store is a database of a service.
type store struct {
	name string
	port int
}

func stores(service string) []store {
	postgres, redis := store{"postgresql", postgresPort}, store{"redis", redisPort}
	return map[string][]store{
		"identity": {postgres, redis}, "authz": {postgres, redis}, "token": {postgres}, "consent": {postgres},
		"activity": {postgres},
	}[service]
}

// processes are the pods, in the order of the file.
func processes() []string { return rpcpolicy.Services() }

// policies are the default and one for each process.
func policies(edges []Edge) []policy {
	all := []policy{denyAll()}
	for _, name := range processes() {
		all = append(all, forProcess(name, edges))
	}
	return all
}

// denyAll denies all traffic that no other policy allows, also for pods that are added later.
func denyAll() policy {
	return named("usher-default-deny", spec{
		PodSelector: selector{map[string]string{partLabel: "usher"}}, PolicyTypes: []string{"Ingress", "Egress"},
	})
}

func forProcess(name string, edges []Edge) policy {
	s := spec{PodSelector: pods(name), PolicyTypes: []string{"Ingress", "Egress"}}
	if callers := callers(name, edges); len(callers) > 0 {
		s.Ingress = append(s.Ingress, rule{From: callers, Ports: tcp(grpcPort)})
	}
	if name == "gateway" {
		s.Ingress = append(s.Ingress, rule{From: []peer{{Namespace: labelled(entranceLabel, allowed)}}, Ports: tcp(httpPort)})
	}
	s.Ingress = append(s.Ingress, rule{From: []peer{prometheus()}, Ports: tcp(adminPort)})
	s.Egress = append(s.Egress, dns())
	if called := called(name, edges); len(called) > 0 {
		s.Egress = append(s.Egress, rule{To: called, Ports: tcp(grpcPort)})
	}
	for _, store := range stores(name) {
		to := peer{Namespace: &selector{}, Pod: labelled(storeLabel, store.name)}
		s.Egress = append(s.Egress, rule{To: []peer{to}, Ports: tcp(store.port)})
	}
	if name == "authz" {
		s.Egress = append(s.Egress, internet())
	}
	return named(name, s)
}

// callers are the peers that may open a connection to a service.
func callers(service string, edges []Edge) []peer {
	var peers []peer
	for _, edge := range edges {
		if edge.Service == service {
			peers = append(peers, from(edge.Caller))
		}
	}
	return peers
}

// from selects a caller's pods. Resource servers are in namespaces of their own; all other callers
// are in ours.
func from(c rpcv1.Caller) peer {
	switch c { //nolint:exhaustive // the others are processes of ours
	case rpcv1.Caller_CALLER_RESOURCE_SERVER:
		return peer{Namespace: labelled(resourceServersLabel, allowed), Pod: labelled(callerLabel, "resource-server")}
	case rpcv1.Caller_CALLER_OPERATOR:
		return peer{Pod: labelled(callerLabel, "operator")}
	}
	of := pods(enumname.Of(c)) // the name in its certificate is its pods' app.kubernetes.io/name
	return peer{Pod: &of}
}

// called are the services that a process may call.
func called(process string, edges []Edge) []peer {
	var peers []peer
	for _, service := range processes() {
		if slices.ContainsFunc(edges, func(e Edge) bool { return enumname.Of(e.Caller) == process && e.Service == service }) {
			of := pods(service)
			peers = append(peers, peer{Pod: &of})
		}
	}
	return peers
}

func prometheus() peer {
	return peer{Namespace: labelled(monitoringLabel, allowed), Pod: labelled(nameLabel, "prometheus")}
}

// dns allows the cluster's name server.
func dns() rule {
	return rule{
		To:    []peer{{Namespace: labelled("kubernetes.io/metadata.name", "kube-system"), Pod: labelled("k8s-app", "kube-dns")}},
		Ports: []port{{53, "UDP"}, {53, "TCP"}},
	}
}

// internet allows https to public addresses, for the documents in which clients describe themselves.
// The service itself refuses other addresses too.
func internet() rule {
	return rule{
		To: []peer{
			{Block: &block{CIDR: "0.0.0.0/0", Except: []string{"10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"}}},
			{Block: &block{CIDR: "::/0", Except: []string{"fc00::/7", "fe80::/10"}}},
		},
		Ports: tcp(httpsPort),
	}
}

func pods(name string) selector {
	return selector{map[string]string{nameLabel: name, partLabel: "usher"}}
}

func labelled(label, value string) *selector { return &selector{map[string]string{label: value}} }

func tcp(number int) []port { return []port{{number, "TCP"}} }

func named(name string, s spec) policy {
	return policy{
		APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy", Metadata: metadata{Name: name}, Spec: s,
	}
}
