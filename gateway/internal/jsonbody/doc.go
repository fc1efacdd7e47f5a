// Package jsonbody parses a JSON body strictly: exactly one object in UTF-8, whose known members
// are strings, appear once, and are spelled exactly.
//
// It owns that strictness for every endpoint. The caller defines which members an endpoint has. An
// error never contains a value of the body.
package jsonbody
