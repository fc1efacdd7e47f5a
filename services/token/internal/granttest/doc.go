// Package granttest has fakes of the dependencies of package grant: clients, codes and an in-memory
// store. They share one journal, so that a test sees which of them was called, and in which order.
// It is imported by tests alone and never decides what a test should expect.
package granttest
