// Package profile validates what users change about themselves: their names, and the language and
// the time zone that they read in.
//
// It owns which languages and time zones may be stored. It never decides who the user is: the
// session does.
package profile
