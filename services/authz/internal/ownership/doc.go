// Package ownership decides who may manage a client of a workspace, and who may connect it: the team,
// which is the members of the workspace who administer it or develop in it, the client's testers, and
// every user once the operator has approved it.
//
// It owns the rules of the developer console and of the review. Package registry validates what is
// registered, identity says who a user is, and package store stores the clients. It never decides about a
// client that the operator registered.
package ownership
