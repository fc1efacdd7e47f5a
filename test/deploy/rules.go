package deploy

// Rule is a check of a rendered overlay, and a fault that must break it.
type Rule struct {
	Name string
	// Check returns the violations of the rule.
	Check func(all []Object) []string
	// Kind and Object select the object in which the fault is planted.
	Kind, Object string
	// Path has its steps separated by |.
	Path string
	// Fault is the planted value; nil removes the existing one.
	Fault any
}

// Rules returns the rules that are not one value at one path.
func Rules() []Rule {
	const pod, container = "spec|template|spec|", "spec|template|spec|containers|0|"
	admin := map[string]any{"name": "admin", "port": 8081, "targetPort": "admin"}
	return []Rule{
		{"no way out of the pod", hostAccess, "Deployment", "token", pod + "hostNetwork", true},
		{"no folder of the node", hostAccess, "Deployment", "token", pod + "volumes|0|hostPath", map[string]any{"path": "/"}},
		{"no capability added", hostAccess, "Deployment", "token", container + "securityContext|capabilities|add", []any{"NET_ADMIN"}},
		{"has resource requests", hasResources, "Deployment", "authz", container + "resources|requests|memory", nil},
		{"has resource limits", hasResources, "Deployment", "authz", container + "resources|limits|cpu", nil},
		{"the collector stays below the limit", hasResources, "Deployment", "identity", container + "resources|limits|memory", "256Mi"},
		{"passwords fit the limits", boundsHashing, "Deployment", "identity", container + "env|3|value", "16"},
		{"secrets by reference", referencesSecrets, "Deployment", "token", container + "env|0|name", "USHER_TOKEN_DATABASE_URL"},
		{"keys by reference", referencesSecrets, "Deployment", "token", container + "env|0|name", "USHER_TOKEN_KEY_ENCRYPTION_KEY"},
		{"secrets are rotated in place", mountsWholeVolumes, "Deployment", "token", container + "volumeMounts|2|subPath", "url"},
		{"no secret in a manifest", referencesSecrets, "Service", "token", "kind", "Secret"},
		{"grace for the drain", gracePeriodCoversDrain, "Deployment", "gateway", pod + "terminationGracePeriodSeconds", 20},
		{"a rollout never removes a pod first", rollsWithoutGap, "Deployment", "token", "spec|strategy|rollingUpdate|maxUnavailable", 1},
		{"callers find new pods first", rollsWithoutGap, "Deployment", "token", "spec|minReadySeconds", 5},
		{"only the autoscaler sets replicas", rollsWithoutGap, "Deployment", "token", "spec|replicas", 3},
		{"liveness checks the process alone", hasProbes, "Deployment", "token", container + "livenessProbe|httpGet|path", "/readyz"},
		{"readiness checks dependencies", hasProbes, "Deployment", "token", container + "readinessProbe", nil},
		{"spread over nodes", spreadsReplicas, "Deployment", "consent", pod + "topologySpreadConstraints|0|topologyKey", "rack"},
		{"has an autoscaler of its own", hasCompanions, "HorizontalPodAutoscaler", "authz", "kind", "Other"},
		{"has two replicas at least", hasCompanions, "HorizontalPodAutoscaler", "authz", "spec|minReplicas", 1},
		{"has a disruption budget of its own", hasCompanions, "PodDisruptionBudget", "authz", "spec|selector|matchLabels|app.kubernetes.io/name", "token"},
		{"has a network policy of its own", hasCompanions, "NetworkPolicy", "authz", "metadata|name", "other"},
		{"has an account of its own", hasCompanions, "Deployment", "authz", pod + "serviceAccountName", "default"},
		{"accounts give no token", accountsHaveNoToken, "ServiceAccount", "authz", "automountServiceAccountToken", nil},
		{"nothing is reached from outside", adminIsInside, "Service", "gateway", "spec|type", "LoadBalancer"},
		{"the admin port has no address", adminIsInside, "Service", "gateway", "spec|ports|0", admin},
		{"only Prometheus at the admin port", adminIsInside, "NetworkPolicy", "gateway", "spec|ingress|0|ports|0|port", 8081},
		{"no policy opens every port", adminIsInside, "NetworkPolicy", "gateway", "spec|ingress|0|ports", nil},
		{"gRPC spreads over replicas", headlessServices, "Service", "token", "spec|clusterIP", nil},
		{"closed by default", closedByDefault, "NetworkPolicy", "usher-default-deny", "spec|egress", []any{map[string]any{}}},
		{"one trust domain", oneTrustDomain, "Certificate", "token", "spec|uris|0", "spiffe://other.internal/token"},
		{"certificates have the DNS names of their Service", namedByDNS, "Certificate", "token", "spec|dnsNames|2", "token.elsewhere.svc"},
		{"certificates have DNS names", namedByDNS, "Certificate", "authz", "spec|dnsNames", nil},
	}
}
