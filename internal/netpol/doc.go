// Package netpol derives the network policies of deploy/k8s from the contract: whoever may call an RPC of a service, by the
// option `callers`, may open a connection to its gRPC port, and nobody else may.
//
// It owns the policies' text. It never decides who may call: the protos do, and each server holds its callers to it again.
package netpol
