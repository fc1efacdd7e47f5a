// Package ushertest is a token service in memory, for the tests of a program that uses package usher: it knows the tokens that a
// test issues, tells what the test ends, and can fail in the ways that a network and a server fail.
//
//	server := ushertest.New()
//	addr, stop, err := server.Start()
//	token := server.Issue(&tokenv1.IntrospectTokenResponse{Kind: tokenv1.TokenKind_TOKEN_KIND_ACCESS_TOKEN, Sub: "usr_a", Scope: "videos:read", Plan: "pro"})
//	client, err := usher.Dial(addr, insecure.NewCredentials())
//
// It owns nothing but what it was told, and decides nothing. It is never part of a product.
package ushertest
