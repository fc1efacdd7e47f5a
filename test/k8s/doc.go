// Command k8s tests the manifests in a cluster: it installs the development overlay as
// docs/kubernetes.md describes, runs the documented flow through the gateway's Service, and counts
// the failures that clients notice while every Deployment is restarted and pods are deleted.
//
// It owns what an operator adds to a cluster: databases, Secrets, users and clients. It runs in the
// cluster that tools/kube/node.sh creates, and never changes the manifests.
package main
