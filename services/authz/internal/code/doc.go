// Package code keeps authorization codes for the minutes between approval and redemption (RFC 6749 §4.1.2).
//
// It owns how a code is drawn, under what name it is kept and for how long. Reading is idempotent and extends nothing:
// that a code redeems once is decided in the token service's database and never here.
package code
