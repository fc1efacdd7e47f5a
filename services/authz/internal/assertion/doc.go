// Package assertion decides whether a client assertion is one that a client signed for this
// authorization server and that was not used before (RFC 7521 §5.2, RFC 7523 §3).
//
// It owns the checks and their order, and the records of used assertions. A failed check writes no
// record, so that a failed authentication consumes nothing. The package does not know where a
// client's keys come from, and never trusts the assertion's header: the algorithms are those of the
// client's keys, and no key comes from the assertion.
package assertion
