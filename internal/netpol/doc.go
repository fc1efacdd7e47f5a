// Package netpol derives the network policies of deploy/k8s from the contract: only the callers of
// a service's RPCs, by the option `callers`, may open a connection to its gRPC port.
//
// It owns the policies' text. It does not authorize callers: the protos do, and each server checks
// its callers again.
package netpol
