// Package usertoken is VIDIZMO's user authentication: a person proves who they are with a password,
// or an authentication app vouches for them, and gets a user token, which is refreshed, logged out,
// and says who may read whom.
//
// It owns what a request must say, the order in which identity and the store are asked, and what a
// failure means. Identity checks the proof, the store decides what is live. It never speaks HTTP,
// gRPC or SQL, and never keeps a token, only its hash.
package usertoken
