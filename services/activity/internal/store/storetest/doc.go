// Package storetest is the contract of the activity service's store, as tests that run on both engines.
package storetest
