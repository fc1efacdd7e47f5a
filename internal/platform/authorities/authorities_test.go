package authorities

import (
	"crypto/x509"
	"errors"
	"testing"
)

func TestASystemWithoutAuthoritiesTrustsThoseThatAreCompiledIn(t *testing.T) {
	empty := x509.NewCertPool()
	if orList(empty, nil).Equal(empty) || orList(nil, errors.New("no files")).Equal(empty) {
		t.Error("no authority is trusted")
	}
	own := orList(empty, nil)
	if got := orList(own, nil); got != own {
		t.Error("the system's authorities are not used")
	}
}
