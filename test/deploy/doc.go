// Package deploy holds the manifests of deploy/k8s against what every workload must have, as Kustomize renders them.
//
// It owns the rules, each with a name and a fault that shows that it can fail. It never talks to a cluster.
package deploy
