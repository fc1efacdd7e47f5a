// Package granttest owns fakes of what package grant stands on: clients, codes and a store in
// memory. They share one journal, so that a test sees which of them was asked, and in which order.
// It is imported by tests alone and never decides what a test should expect.
package granttest
