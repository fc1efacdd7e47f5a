package deploy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fixed is a rule that one path of every workload's pod, or of each of its containers, has one
// value.
type Fixed struct {
	Name string
	// Container selects each container as the root of the path, instead of the pod.
	Container bool
	// Path has its steps separated by |.
	Path string
	Want string
	// Wrong is a value that must be refused; a missing value is always refused.
	Wrong any
}

// FixedRules returns the hardening rules that require one value at one path.
func FixedRules() []Fixed {
	return []Fixed{
		{"does not run as root", false, "securityContext|runAsNonRoot", "true", false},
		{"runs as 65532", false, "securityContext|runAsUser", "65532", 0},
		{"in the group 65532", false, "securityContext|runAsGroup", "65532", 0},
		{"system calls are filtered", false, "securityContext|seccompProfile|type", "RuntimeDefault", "Unconfined"},
		{"no token of the cluster's", false, "automountServiceAccountToken", "false", true},
		{"no links to services in the environment", false, "enableServiceLinks", "false", true},
		{"cannot write to its image", true, "securityContext|readOnlyRootFilesystem", "true", false},
		{"cannot gain privileges", true, "securityContext|allowPrivilegeEscalation", "false", true},
		{"is not privileged", true, "securityContext|privileged", "false", true},
		{"has no capability", true, "securityContext|capabilities|drop", "[ALL]", []any{"NET_RAW"}},
	}
}

// Check returns the workloads that break the rule.
func (f Fixed) Check(all []Object) (broken []string) {
	for _, w := range workloads(all) {
		for _, at := range f.places(w) {
			if got := at.Text(split(f.Path)...); got != f.Want {
				broken = append(broken, fmt.Sprintf("%s %s: %s is %s", w.Kind(), w.Name(), f.Path, got))
			}
		}
	}
	return broken
}

func (f Fixed) places(workload Object) []Object {
	if f.Container {
		return containers(workload)
	}
	return []Object{workload.Pod()}
}

func workloads(all []Object) []Object {
	return slices.DeleteFunc(slices.Clone(all), func(o Object) bool { return o.Pod() == nil })
}

func containers(w Object) []Object {
	return append(w.Pod().List("containers"), w.Pod().List("initContainers")...)
}

// hostAccess: a pod has no access to the node.
func hostAccess(all []Object) (broken []string) {
	for _, w := range workloads(all) {
		for _, way := range []string{"hostNetwork", "hostPID", "hostIPC"} {
			if w.Pod().At(way) != nil {
				broken = append(broken, w.Name()+" has "+way)
			}
		}
		for _, v := range w.Pod().List("volumes") {
			if v.At("hostPath") != nil {
				broken = append(broken, w.Name()+" mounts a folder of the node")
			}
		}
		for _, c := range containers(w) {
			if c.At("securityContext", "capabilities", "add") != nil {
				broken = append(broken, w.Name()+" adds a capability")
			}
		}
	}
	return broken
}

// hasResources: every container has requests and limits, and its GOMEMLIMIT is below the memory
// limit.
func hasResources(all []Object) (broken []string) {
	for _, w := range workloads(all) {
		for _, c := range containers(w) {
			for _, kind := range []string{"requests", "limits"} {
				for _, what := range []string{"cpu", "memory", "ephemeral-storage"} {
					if c.At("resources", kind, what) == nil {
						broken = append(broken, fmt.Sprintf("%s has no %s of %s", w.Name(), kind, what))
					}
				}
			}
			limit, soft := mebibytes(c.Text("resources", "limits", "memory"), "Mi"), mebibytes(env(c, "GOMEMLIMIT"), "MiB")
			if soft == 0 || soft*10 > limit*9 {
				broken = append(broken, fmt.Sprintf("%s: GOMEMLIMIT %d MiB is not below nine tenths of %d MiB", w.Name(), soft, limit))
			}
		}
	}
	return broken
}

// boundsHashing: identity hashes no more passwords at once than it has cores. By default it would
// count the node's cores.
func boundsHashing(all []Object) (broken []string) {
	for _, d := range deployments(all) {
		if d.Name() != "identity" {
			continue
		}
		c := containers(d)[0]
		atOnce, _ := strconv.Atoi(env(c, "USHER_IDENTITY_PASSWORD_CONCURRENCY")) // an invalid value is zero, which is refused below
		cores, _ := strconv.Atoi(c.Text("resources", "limits", "cpu"))           // an invalid value is zero, which is refused below
		if atOnce < 1 || atOnce > cores {
			broken = append(broken, fmt.Sprintf("identity computes %d passwords at once on %d cores", atOnce, cores))
		}
	}
	return broken
}

func mebibytes(text, unit string) int {
	n, err := strconv.Atoi(strings.TrimSuffix(text, unit))
	if err != nil || !strings.HasSuffix(text, unit) {
		return 0
	}
	return n
}

func env(container Object, name string) string {
	for _, e := range container.List("env") {
		if e.Text("name") == name {
			return e.Text("value")
		}
	}
	return ""
}

// mountsWholeVolumes: a mounted Secret is updated in the pod when it changes in the cluster; a
// subPath mount is not.
func mountsWholeVolumes(all []Object) (broken []string) {
	for _, w := range workloads(all) {
		for _, c := range containers(w) {
			for _, m := range c.List("volumeMounts") {
				if m.At("subPath") != nil || m.At("subPathExpr") != nil {
					broken = append(broken, w.Name()+" mounts only a part of "+m.Text("name"))
				}
			}
		}
	}
	return broken
}

// referencesSecrets: a password, a URL with one or an encryption key comes from a file of a Secret, and no manifest
// contains a Secret.
func referencesSecrets(all []Object) (broken []string) {
	for _, o := range all {
		if o.Kind() == "Secret" {
			broken = append(broken, "a manifest holds the Secret "+o.Name())
		}
		// The dashboard has a metric whose name contains "password".
		if o.Kind() == "ConfigMap" && o.Name() != "usher-dashboard" && strings.Contains(strings.ToLower(o.Text("data")), "password") {
			broken = append(broken, "the ConfigMap "+o.Name()+" contains a password")
		}
	}
	for _, w := range workloads(all) {
		for _, c := range containers(w) {
			for _, e := range c.List("env") {
				name := e.Text("name")
				if strings.HasSuffix(name, "_DATABASE_URL") || strings.HasSuffix(name, "_PASSWORD") || strings.HasSuffix(name, "_ENCRYPTION_KEY") {
					broken = append(broken, w.Name()+" has "+name+" in its environment")
				}
			}
		}
	}
	return broken
}

// gracePeriodCoversDrain: the grace period covers the drain, ten seconds for calls in progress, and
// five more.
func gracePeriodCoversDrain(all []Object) (broken []string) {
	drain := time.Duration(0)
	for _, o := range all {
		for line := range strings.Lines(o.Text("data", "usher.yaml")) {
			if value, ok := strings.CutPrefix(strings.TrimSpace(line), "drain_time: "); ok {
				drain, _ = time.ParseDuration(value) // an invalid value is zero, which is refused below
			}
		}
	}
	for _, d := range deployments(all) {
		grace, _ := strconv.Atoi(d.Pod().Text("terminationGracePeriodSeconds")) // an invalid value is zero, which is refused below
		if drain < 5*time.Second || time.Duration(grace)*time.Second < drain+15*time.Second {
			broken = append(broken, fmt.Sprintf("%s: grace of %d s for a drain of %s", d.Name(), grace, drain))
		}
	}
	return broken
}

func deployments(all []Object) []Object {
	return slices.DeleteFunc(slices.Clone(all), func(o Object) bool { return o.Kind() != "Deployment" })
}
