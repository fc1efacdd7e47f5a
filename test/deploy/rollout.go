package deploy

import (
	"fmt"
	"strconv"
)

// resolution is how seldom a gRPC client asks the name server again (grpc-go's dns resolver, MinResolutionInterval).
const resolution = 30

// rollsGently: nothing is taken away before its successor has been there for longer than callers need to find it.
func rollsGently(all []Object) (broken []string) {
	for _, d := range deployments(all) {
		if d.Text("spec", "strategy", "rollingUpdate", "maxUnavailable") != "0" {
			broken = append(broken, d.Name()+" takes replicas away before new ones are there")
		}
		if n, _ := strconv.Atoi(d.Text("spec", "minReadySeconds")); n <= resolution {
			broken = append(broken, d.Name()+" goes on before callers ask the name server again")
		}
		if d.At("spec", "replicas") != nil {
			broken = append(broken, d.Name()+" has a fixed number of replicas, against its autoscaler")
		}
	}
	return broken
}

// probed: alive is the process alone, ready follows what it needs, and both have their own time.
func probed(all []Object) (broken []string) {
	for _, d := range deployments(all) {
		for _, c := range containers(d) {
			for _, probe := range []string{"startupProbe", "livenessProbe"} {
				if c.Text(probe, "httpGet", "path") != "/healthz" || c.Text(probe, "httpGet", "port") != "admin" {
					broken = append(broken, fmt.Sprintf("%s: %s does not ask /healthz", d.Name(), probe))
				}
			}
			if c.Text("readinessProbe", "grpc", "port") != "8081" {
				broken = append(broken, d.Name()+": readiness is not the gRPC health of the admin port")
			}
		}
	}
	return broken
}

// spread: replicas stand on different nodes and in different zones where there are several, and move one at a time.
func spread(all []Object) (broken []string) {
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

// companions: every Deployment has what keeps it there, scales it, names it and lets callers find it.
func companions(all []Object) (broken []string) {
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

// accountsHoldNothing: a ServiceAccount gives no token, also to a pod that forgets to refuse it.
func accountsHoldNothing(all []Object) (broken []string) {
	for _, o := range all {
		if o.Kind() == "ServiceAccount" && o.Text("automountServiceAccountToken") != "false" {
			broken = append(broken, "the account "+o.Name()+" gives its token away")
		}
	}
	return broken
}
