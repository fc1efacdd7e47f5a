// Package convert converts values that one service sends and another receives between their Go type (package oauth) and their
// message, in both directions: so that a new field is converted in one file. It owns nothing else and validates nothing.
package convert
