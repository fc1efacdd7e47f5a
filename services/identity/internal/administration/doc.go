// Package administration is what operators do to people: add, list, let in and keep out users, set passwords, add
// workspaces and members.
//
// It owns what a name, an identifier and a plan may be. It decides nothing about access to what people own, and ends no
// token: an operation that takes access away enters at the token service, which calls here when it has ended what it must.
package administration
