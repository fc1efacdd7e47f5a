package mtls_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/mtls"
)

const trustDomain = "usher.test"

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// wish describes a certificate; its zero value is a valid one of the trust domain.
type wish struct {
	uris   []string
	serial int64
	// ended makes an expired one.
	ended bool
	// usages are both when empty.
	usages []x509.ExtKeyUsage
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return authority{cert: cert, key: key}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

// sign returns a certificate and its key, PEM.
func (a authority) sign(t *testing.T, w wish) (cert, key []byte) {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(max(2, w.serial)), NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: w.usages,
	}
	if len(w.usages) == 0 {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
	if w.ended {
		template.NotAfter = time.Now().Add(-time.Hour)
	}
	for _, text := range w.uris {
		u, err := url.Parse(text)
		must(t, err)
		template.URIs = append(template.URIs, u)
	}
	private := newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &private.PublicKey, a.key)
	must(t, err)
	keyDER, err := x509.MarshalECPrivateKey(private)
	must(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})
}

func (a authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// folder contains the files of a process.
type folder struct {
	mtls.Config
	edition *int
}

// newFolder has a certificate of the authority as described by the wish, and trusts the authority.
func newFolder(t *testing.T, a authority, w wish) folder {
	t.Helper()
	dir := t.TempDir()
	f := folder{Config: mtls.Config{
		CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem"), CAFile: filepath.Join(dir, "ca.pem"),
		TrustDomain: trustDomain,
	}, edition: new(int)}
	f.issue(t, a, w)
	f.trust(t, a)
	return f
}

// issue replaces certificate and key.
func (f folder) issue(t *testing.T, a authority, w wish) {
	t.Helper()
	cert, key := a.sign(t, w)
	f.write(t, f.CertFile, cert)
	f.write(t, f.KeyFile, key)
}

// trust replaces the trusted authorities.
func (f folder) trust(t *testing.T, authorities ...authority) {
	t.Helper()
	var all []byte
	for _, a := range authorities {
		all = append(all, a.pem()...)
	}
	f.write(t, f.CAFile, all)
}

// write replaces a file in one step, as a secret's mount does. Its modification time is moved, so
// that two versions of one size differ on file systems with coarse clocks too.
func (f folder) write(t *testing.T, path string, content []byte) {
	t.Helper()
	*f.edition++
	must(t, os.WriteFile(path+".new", content, 0o600))
	at := time.Now().Add(time.Duration(*f.edition) * time.Second)
	must(t, os.Chtimes(path+".new", at, at))
	must(t, os.Rename(path+".new", path))
}

func named(name string) wish { return wish{uris: []string{"spiffe://" + trustDomain + "/" + name}} }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
