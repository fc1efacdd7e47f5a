package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/vidocu/usher/internal/platform/mtls"
)

// lastPart is the part of a certificate's life, one in so many, in which it should have been replaced: some live a day.
const lastPart = 10

func (p Patient) certificate(now time.Time) Finding {
	const check = "certificate"
	files := p.tls()
	if files.CertFile == "" && files.KeyFile == "" && files.CAFile == "" {
		return Finding{check, Skipped, "tls.cert_file, tls.key_file and tls.ca_file are not set", "set them, except in development: every process and every operator needs a certificate"}
	}
	if _, err := mtls.Server(files); err != nil {
		return Finding{check, Wrong, err.Error(), "give PEM files that this user can read, and a key that fits the certificate"}
	}
	pair, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
	if err != nil {
		return Finding{check, Wrong, err.Error(), "give a key that fits the certificate"}
	}
	f := judge(pair, files, now)
	f.Check = check
	return f
}

// judge examines a certificate that could be read.
func judge(pair tls.Certificate, files mtls.Config, now time.Time) Finding {
	leaf := pair.Leaf
	name, fix := nameOf(leaf, files.TrustDomain)
	if fix != "" {
		return Finding{State: Wrong, Text: "the certificate's URI names are " + name, Fix: fix}
	}
	ends := leaf.NotAfter.UTC().Format(time.RFC3339)
	switch {
	case now.Before(leaf.NotBefore):
		return Finding{State: Wrong, Text: name + " begins " + leaf.NotBefore.UTC().Format(time.RFC3339), Fix: "wait, or set this machine's clock"}
	case now.After(leaf.NotAfter):
		return Finding{State: Wrong, Text: name + " ended " + ends, Fix: "put a new certificate in its place: no restart is needed"}
	}
	if err := verify(pair, files.CAFile, now); err != nil {
		return Finding{State: Wrong, Text: err.Error(), Fix: "tls.ca_file must hold the authority that signed the certificate, and the certificate be for client and server use"}
	}
	if leaf.NotAfter.Sub(now) < leaf.NotAfter.Sub(leaf.NotBefore)/lastPart {
		return Finding{State: Warning, Text: name + " ends " + ends, Fix: "put a new certificate in its place now: no restart is needed"}
	}
	return Finding{State: OK, Text: name + " until " + ends}
}

// nameOf answers the certificate's one name, or what to do when it has not exactly one of the trust domain.
func nameOf(leaf *x509.Certificate, trustDomain string) (name, fix string) {
	var names []string
	for _, u := range leaf.URIs {
		names = append(names, u.String())
	}
	name = strings.Join(names, ", ")
	if len(names) != 1 || !strings.HasPrefix(name, "spiffe://"+trustDomain+"/") {
		return "[" + name + "]", fmt.Sprintf("issue one with the single URI SAN spiffe://%s/<name>, or correct trust_domain", trustDomain)
	}
	return name, ""
}

func verify(pair tls.Certificate, caFile string, now time.Time) error {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return err
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	for _, der := range pair.Certificate[1:] {
		if c, err := x509.ParseCertificate(der); err == nil {
			between.AddCert(c)
		}
	}
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth} {
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{
			Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage},
		}); err != nil {
			return err
		}
	}
	return nil
}

// tls is where the certificate lies, with the trust domain.
func (p Patient) tls() mtls.Config {
	files := p.Settings.TLS
	files.TrustDomain = p.Settings.TrustDomain
	return files
}
