// Package ushertest is a fake token service in memory, for the tests of a program that uses package
// usher. It issues and revokes tokens as a test demands, and simulates failures of the network and
// of the server.
//
//	server := ushertest.New()
//	addr, stop, err := server.Start()
//	token := server.Issue(&tokenv1.IntrospectTokenResponse{Kind: tokenv1.TokenKind_TOKEN_KIND_ACCESS_TOKEN, Sub: "usr_a", Scope: "videos:read", Plan: "pro"})
//	client, err := usher.Dial(addr, insecure.NewCredentials())
//
// It must not be used in production.
package ushertest
