package deploy

import (
	"fmt"
	"strconv"
)

// resolution is the minimum time between two DNS lookups of a gRPC client (grpc-go's dns resolver,
// MinResolutionInterval).
const resolution = 30

// rollsWithoutGap: a pod is removed only after its successor has been ready for longer than callers
// need to find it.
func rollsWithoutGap(all []Object) (broken []string) {
	for _, d := range deployments(all) {
		if d.Text("spec", "strategy", "rollingUpdate", "maxUnavailable") != "0" {
			broken = append(broken, d.Name()+" takes replicas away before new ones are there")
		}
		if n, _ := strconv.Atoi(d.Text("spec", "minReadySeconds")); n <= resolution {
			broken = append(broken, d.Name()+" continues before callers repeat the DNS lookup")
		}
		if d.At("spec", "replicas") != nil {
			broken = append(broken, d.Name()+" has a fixed number of replicas, against its autoscaler")
		}
	}
	return broken
}

// hasProbes: liveness checks the process alone, readiness its dependencies, and each has its own
// timing.
func hasProbes(all []Object) (broken []string) {
	for _, d := range deployments(all) {
		for _, c := range containers(d) {
			for _, probe := range []string{"startupProbe", "livenessProbe"} {
				if c.Text(probe, "httpGet", "path") != "/healthz" || c.Text(probe, "httpGet", "port") != "admin" {
					broken = append(broken, fmt.Sprintf("%s: %s does not request /healthz", d.Name(), probe))
				}
			}
			if c.Text("readinessProbe", "grpc", "port") != "8081" {
				broken = append(broken, d.Name()+": readiness is not the gRPC health of the admin port")
			}
		}
	}
	return broken
}

// spreadsReplicas: replicas run on different nodes and in different zones where there are several,
// and roll one at a time.
func spreadsReplicas(all []Object) (broken []string) {
	for _, d := range deployments(all) {
		for _, key := range []string{"kubernetes.io/hostname", "topology.kubernetes.io/zone"} {
			found := false
			for _, c := range d.Pod().List("topologySpreadConstraints") {
				found = found || c.Text("topologyKey") == key && selects(c.labels("labelSelector", "matchLabels"), podLabels(d))
			}
			if !found {
				broken = append(broken, d.Name()+" is not spread over "+key)
			}
		}
	}
	return broken
}

func podLabels(w Object) map[string]string { return w.labels("spec", "template", "metadata", "labels") }

// hasCompanions: every Deployment has its disruption budget, autoscaler, Service, account and
// network policy.
func hasCompanions(all []Object) (broken []string) {
	for _, d := range deployments(all) {
		name := d.Name()
		for _, kind := range []string{"Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "ServiceAccount", "Certificate", "NetworkPolicy"} {
			if find(all, kind, name) == nil {
				broken = append(broken, name+" has no "+kind)
			}
		}
		if got := find(all, "HorizontalPodAutoscaler", name).Text("spec", "minReplicas"); got < "2" {
			broken = append(broken, name+" may shrink to "+got)
		}
		if d.Pod().Text("serviceAccountName") != name {
			broken = append(broken, name+" runs under another's account")
		}
		for _, kind := range []string{"PodDisruptionBudget", "NetworkPolicy"} {
			path := map[string][]string{
				"PodDisruptionBudget": {"spec", "selector", "matchLabels"}, "NetworkPolicy": {"spec", "podSelector", "matchLabels"},
			}[kind]
			if o := find(all, kind, name); o != nil && !selects(o.labels(path...), podLabels(d)) {
				broken = append(broken, name+": its "+kind+" selects other pods")
			}
		}
	}
	return broken
}

func find(all []Object, kind, name string) Object {
	for _, o := range all {
		if o.Kind() == kind && o.Name() == name {
			return o
		}
	}
	return nil
}

// accountsHaveNoToken: a ServiceAccount mounts no token, even into a pod that does not disable it.
func accountsHaveNoToken(all []Object) (broken []string) {
	for _, o := range all {
		if o.Kind() == "ServiceAccount" && o.Text("automountServiceAccountToken") != "false" {
			broken = append(broken, "the account "+o.Name()+" gives its token away")
		}
	}
	return broken
}
