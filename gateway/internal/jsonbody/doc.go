// Package jsonbody reads a JSON body strictly: one object in UTF-8 and nothing behind it, whose known members are texts, once,
// spelled exactly.
//
// It owns that strictness for every endpoint. It never knows which members an endpoint has, and never repeats a value.
package jsonbody
