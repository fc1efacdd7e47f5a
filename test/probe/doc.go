// Command probe is a resource server that does nothing but hold tokens: it checks them all the time and tells when an answer
// changes. Tests run many of it, each in a process of its own, to see how fast and how surely a revocation arrives.
//
// It owns its standard input and output: a command a line in, an event a line out.
//
//	hold NAME TOKEN     begins to check the token, as GET /v1/videos; once it is allowed and remembered: allowed NAME
//	                    at the first denial: denied NAME UNIX-NANOSECONDS
//	                    when it is allowed again after that, which must never be: stale NAME
//	                    the first time that the answer cannot be known: untold NAME UNIX-NANOSECONDS
//	drop NAME           ends the checks of a token, whatever its answers
package main
