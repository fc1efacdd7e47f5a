// Package userapi is VIDIZMO's user authentication API over HTTP, with its own paths, bodies and errors (docs/wire-contract.md §8).
//
// It owns what is read of a request and how an answer is written. It never judges a token, a proof or who may see whom: the
// token service does.
package userapi
