// Command probe is a resource server that checks tokens continuously and prints when a decision
// changes. Tests run many of it, each in a process of its own, to measure how fast and how reliably
// a revocation arrives.
//
// It owns its standard input and output: one command per line in, one event per line out.
//
//	start NAME TOKEN  checks the token continuously, as GET /v1/videos. It prints
//	                  allowed NAME                     once it is allowed and cached
//	                  denied NAME UNIX-NANOSECONDS     at the first denial
//	                  last NAME UNIX-NANOSECONDS       before that, the start of the last allowed check
//	                  stale NAME                       if it is allowed after that: must never happen
//	                  unknown NAME UNIX-NANOSECONDS    the first time that no decision is possible
//	stop NAME         stops the checks of the token
package main
