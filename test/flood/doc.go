// Command flood measures how much longer the requests of others take because the request log records
// 100,000 refused requests a minute that name one client.
//
// The load of the refused requests itself takes CPU time, which is not that of the log. So the flood
// goes to two gateways by turns, which call the same services: one hands its requests over to the
// activity service, the other has none and records nothing. Others introspect and refresh at the gateway
// that receives the flood. The command fails where a check of the report fails.
package main
