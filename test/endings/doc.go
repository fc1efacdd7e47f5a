// Command endings takes access away from a user, a client and an authentication app on which a million grants or user tokens
// hang, at two replicas of every service, and prints what each ending took, what was live after it, and what others noticed while 20
// callers presented one spent refresh token as fast as they could.
//
// It owns the rows that it adds by SQL. What an ending does is known to the product alone: it goes through the services' own
// surfaces.
package main
