package deploy

// Rule is what holds for a rendered overlay, and a fault that must break it.
type Rule struct {
	Name string
	// Check says what breaks the rule.
	Check func(all []Object) []string
	// Kind and Object name what the fault is planted in.
	Kind, Object string
	// Path has its steps separated by |.
	Path string
	// Fault is what is put there; nil takes away what is there.
	Fault any
}

// Rules are what is not one value at one path.
func Rules() []Rule {
	const pod, container = "spec|template|spec|", "spec|template|spec|containers|0|"
	admin := map[string]any{"name": "admin", "port": 8081, "targetPort": "admin"}
	return []Rule{
		{"no way out of the pod", forbidden, "Deployment", "token", pod + "hostNetwork", true},
		{"no folder of the node", forbidden, "Deployment", "token", pod + "volumes|0|hostPath", map[string]any{"path": "/"}},
		{"no capability added", forbidden, "Deployment", "token", container + "securityContext|capabilities|add", []any{"NET_ADMIN"}},
		{"says what it needs", sized, "Deployment", "authz", container + "resources|requests|memory", nil},
		{"says what it may take", sized, "Deployment", "authz", container + "resources|limits|cpu", nil},
		{"the collector stays below the limit", sized, "Deployment", "identity", container + "resources|limits|memory", "256Mi"},
		{"passwords fit the limits", computes, "Deployment", "identity", container + "env|3|value", "16"},
		{"secrets by reference", secretFree, "Deployment", "token", container + "env|0|name", "USHER_TOKEN_DATABASE_URL"},
		{"secrets are rotated in place", followed, "Deployment", "token", container + "volumeMounts|2|subPath", "url"},
		{"no secret in a manifest", secretFree, "Service", "token", "kind", "Secret"},
		{"grace for the drain", drains, "Deployment", "gateway", pod + "terminationGracePeriodSeconds", 20},
		{"never fewer than before", rollsGently, "Deployment", "token", "spec|strategy|rollingUpdate|maxUnavailable", 1},
		{"callers find successors first", rollsGently, "Deployment", "token", "spec|minReadySeconds", 5},
		{"the autoscaler alone counts", rollsGently, "Deployment", "token", "spec|replicas", 3},
		{"alive is the process alone", probed, "Deployment", "token", container + "livenessProbe|httpGet|path", "/readyz"},
		{"ready follows what it needs", probed, "Deployment", "token", container + "readinessProbe", nil},
		{"spread over nodes", spread, "Deployment", "consent", pod + "topologySpreadConstraints|0|topologyKey", "rack"},
		{"has an autoscaler of its own", companions, "HorizontalPodAutoscaler", "authz", "kind", "Other"},
		{"has two replicas at least", companions, "HorizontalPodAutoscaler", "authz", "spec|minReplicas", 1},
		{"has a disruption budget of its own", companions, "PodDisruptionBudget", "authz", "spec|selector|matchLabels|app.kubernetes.io/name", "token"},
		{"has a network policy of its own", companions, "NetworkPolicy", "authz", "metadata|name", "other"},
		{"has an account of its own", companions, "Deployment", "authz", pod + "serviceAccountName", "default"},
		{"accounts give no token", accountsHoldNothing, "ServiceAccount", "authz", "automountServiceAccountToken", nil},
		{"nothing is reached from outside", adminIsInside, "Service", "gateway", "spec|type", "LoadBalancer"},
		{"the admin port has no address", adminIsInside, "Service", "gateway", "spec|ports|0", admin},
		{"only Prometheus at the admin port", adminIsInside, "NetworkPolicy", "gateway", "spec|ingress|0|ports|0|port", 8081},
		{"no policy opens every port", adminIsInside, "NetworkPolicy", "gateway", "spec|ingress|0|ports", nil},
		{"gRPC spreads over replicas", callersSpread, "Service", "token", "spec|clusterIP", nil},
		{"closed by default", closedByDefault, "NetworkPolicy", "usher-default-deny", "spec|egress", []any{map[string]any{}}},
		{"one trust domain", oneTrustDomain, "Certificate", "token", "spec|uris|0", "spiffe://other.internal/token"},
		{"certificates have the DNS names of their Service", namedByDNS, "Certificate", "token", "spec|dnsNames|2", "token.elsewhere.svc"},
		{"certificates have DNS names", namedByDNS, "Certificate", "authz", "spec|dnsNames", nil},
	}
}
