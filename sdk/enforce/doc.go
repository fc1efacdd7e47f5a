// Package enforce decides whether a token authorizes a request: the path matcher, the scope check
// and the plan check of docs/wire-contract.md §6, for every enforcement point alike.
//
// It owns the order of the checks and the documented messages of each denial. It never introspects,
// never sends HTTP or gRPC, caches nothing, and trusts its input.
package enforce
