// Package enforce decides whether a token opens an endpoint: the path matcher, the scope check and the plan check of
// docs/wire-contract.md §6, for every door alike.
//
// It owns the order of the checks and the documented words of each denial. It never asks what a token stands for, never
// speaks HTTP or gRPC, and remembers nothing; what it is given it takes as true.
package enforce
