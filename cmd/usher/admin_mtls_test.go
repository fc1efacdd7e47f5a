package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/mtls"
	"github.com/vidocu/usher/internal/platform/rpcserver"
	"github.com/vidocu/usher/test/harness"
)

// certified has the console's services listen at ports as well, with certificates, and the environment name them.
func (d *console) certified() {
	d.t.Helper()
	authority, err := harness.NewAuthority(".")
	if err != nil {
		d.t.Fatal(err)
	}
	for _, name := range []string{"identity", "authz", "token", "operator", "gateway"} {
		if err := authority.Issue(name); err != nil {
			d.t.Fatal(err)
		}
	}
	for _, service := range []string{"identity", "authz", "token"} {
		creds, err := mtls.Server(files(d.t, service))
		if err != nil {
			d.t.Fatal(err)
		}
		lis, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			d.t.Fatal(err)
		}
		d.serve(service, rpcserver.Listener{Listener: lis, Credentials: creds})
		d.t.Setenv("USHER_PEERS_"+strings.ToUpper(service), lis.Addr().String())
	}
	d.t.Setenv("USHER_TRUST_DOMAIN", harness.TrustDomain)
	d.as("operator")
}

// as gives the command a certificate.
func (d *console) as(name string) {
	f := files(d.t, name)
	d.t.Setenv("USHER_TLS_CERT_FILE", f.CertFile)
	d.t.Setenv("USHER_TLS_KEY_FILE", f.KeyFile)
	d.t.Setenv("USHER_TLS_CA_FILE", f.CAFile)
}

func files(t *testing.T, name string) mtls.Config {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return mtls.Config{
		CertFile: filepath.Join(here, name+".pem"), KeyFile: filepath.Join(here, name+".key"), CAFile: filepath.Join(here, "ca.pem"),
		TrustDomain: harness.TrustDomain,
	}
}

func TestInProductionTheOperatorsCertificateAdministersAndNoOther(t *testing.T) {
	d := newConsole(t)
	d.certified()
	if err := os.RemoveAll("data"); err != nil { // so that it cannot be the socket
		t.Fatal(err)
	}
	d.respond("FindUser", &identityv1.FindUserResponse{User: john}, nil)
	d.respond("DisableUser", &tokenv1.DisableUserResponse{}, nil)
	if r := d.run("", "users", "disable", "john.doe@gmail.com", "--yes"); r.status != 0 || len(d.called) != 2 {
		t.Errorf("the operator called %v: %+v", d.called, r)
	}
	d.as("gateway")
	if r := d.run("", "users", "disable", "usr_john", "--yes"); r.status != 1 || !strings.Contains(r.errors, "spiffe://<trust_domain>/operator") || len(d.called) > 0 {
		t.Errorf("the gateway called %v: %+v", d.called, r)
	}
}

func TestAnotherServiceAtTheAddressGetsNoCall(t *testing.T) {
	d := newConsole(t)
	d.certified()
	t.Setenv("USHER_PEERS_TOKEN", os.Getenv("USHER_PEERS_IDENTITY"))
	r := d.run("new password\n", "users", "set-password", "usr_john")
	if r.status != 1 || len(d.called) > 0 || !strings.Contains(r.errors, "cannot be reached") {
		t.Errorf("it called %v: %+v", d.called, r)
	}
}
