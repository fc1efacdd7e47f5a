// Package hostport validates network addresses in settings, without resolving names.
//
// It owns the syntax of host:port, and never connects.
package hostport

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// Validate checks an address to connect to: host:port.
func Validate(addr string) error {
	host, err := split(addr)
	if err == nil && host == "" {
		err = fmt.Errorf("%q has no host: give host:port", addr)
	}
	return err
}

// ValidateList checks one address to connect to, or several separated by commas.
func ValidateList(addrs string) error {
	var faults []error
	for addr := range strings.SplitSeq(addrs, ",") {
		faults = append(faults, Validate(strings.TrimSpace(addr)))
	}
	return errors.Join(faults...)
}

// ValidateListen checks an address to listen at: host:port, or :port for every interface.
func ValidateListen(addr string) error {
	_, err := split(addr)
	return err
}

// split returns the host.
func split(addr string) (string, error) {
	if strings.Contains(addr, "://") {
		return "", fmt.Errorf("%q is a URL: give host:port alone", addr)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil || strings.ContainsAny(host, " \t\"'/@,") {
		return "", fmt.Errorf("%q is not host:port", addr)
	}
	if _, err := net.LookupPort("tcp", port); err != nil || port == "" { // a number, or a service name of the system
		return "", fmt.Errorf("%q has no port from 0 to 65535", addr)
	}
	return host, nil
}
