// Command k8s proves the manifests in a cluster: it installs the development overlay as docs/kubernetes.md says, walks the documented
// flow through the gateway's Service, and counts what clients notice while every Deployment is restarted and pods are deleted.
//
// It owns what an operator brings to a cluster: databases, Secrets, people and apps. It runs in what tools/kube/node.sh makes, and
// never changes the manifests that it proves.
package main
