// Package deploy checks the manifests of deploy/k8s, as Kustomize renders them, against the rules
// that every workload must meet.
//
// It owns the rules, each with a name and a fault that shows that the rule can fail. It never
// connects to a cluster.
package deploy
