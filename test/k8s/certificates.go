package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// certificate is a cert-manager Certificate with the fields that the overlays use.
type certificate struct {
	Metadata struct{ Name string }
	Spec     struct {
		SecretName, CommonName, Duration string
		IsCA                             bool
		URIs, DNSNames                   []string
		Usages                           []string
		IssuerRef                        struct{ Name string }
		PrivateKey                       struct {
			Algorithm string
			Size      int
		}
	}
}

// issuer is a cert-manager Issuer: self-signed, or with the Secret of an authority.
type issuer struct {
	Metadata struct{ Name string }
	Spec     struct {
		SelfSigned *struct{}
		CA         *struct{ SecretName string }
	}
}

// keyPair is a certificate with its key.
type keyPair struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// certificates stands in for cert-manager: it signs the Certificates in the cluster with the
// Issuers that they reference, and creates their Secrets. Then it signs the operator's certificate
// in the same way.
func (e *env) certificates(ctx context.Context) error {
	var all struct{ Items []certificate }
	if err := e.get(ctx, &all, "certificates"); err != nil {
		return err
	}
	var issuers struct{ Items []issuer }
	if err := e.get(ctx, &issuers, "issuers"); err != nil {
		return err
	}
	signed := map[string]keyPair{}
	for _, authorities := range []bool{true, false} {
		for _, c := range all.Items {
			if c.Spec.IsCA != authorities {
				continue
			}
			by, err := signer(issuers.Items, c, signed)
			if err != nil {
				return fmt.Errorf("certificate %s: %w", c.Metadata.Name, err)
			}
			files, err := sign(c, by, signed)
			if err != nil {
				return fmt.Errorf("certificate %s: %w", c.Metadata.Name, err)
			}
			if err := e.secret(ctx, c.Spec.SecretName, files); err != nil {
				return err
			}
		}
	}
	return e.operator(signed["usher-ca"])
}

// operator writes the certificate files that the command line uses.
func (e *env) operator(authority keyPair) error {
	var c certificate
	c.Spec.SecretName, c.Spec.Duration = "operator", "24h"
	c.Spec.URIs, c.Spec.Usages = []string{"spiffe://usher.internal/operator"}, []string{"digital signature", "client auth", "server auth"}
	files, err := sign(c, authority, map[string]keyPair{})
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(e.dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return err
}

// signer returns the key pair of the certificate's issuer; the zero value means self-signed.
func signer(issuers []issuer, c certificate, signed map[string]keyPair) (keyPair, error) {
	for _, i := range issuers {
		if i.Metadata.Name != c.Spec.IssuerRef.Name {
			continue
		}
		if i.Spec.SelfSigned != nil {
			return keyPair{}, nil
		}
		if i.Spec.CA != nil && signed[i.Spec.CA.SecretName].cert != nil {
			return signed[i.Spec.CA.SecretName], nil
		}
	}
	return keyPair{}, fmt.Errorf("no issuer %s can sign", c.Spec.IssuerRef.Name)
}

// sign creates a key and signs its certificate, stores both in signed by the Secret's name, and
// returns the Secret's content.
func sign(c certificate, by keyPair, signed map[string]keyPair) (map[string]string, error) {
	if k := c.Spec.PrivateKey; k.Algorithm != "" && (k.Algorithm != "ECDSA" || k.Size != 256) {
		return nil, fmt.Errorf("keys of %s %d are not supported", k.Algorithm, k.Size)
	}
	template, err := template(c)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if by.cert == nil {
		by = keyPair{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.cert, &key.PublicKey, by.key)
	if err != nil {
		return nil, err
	}
	own := keyPair{key: key}
	if own.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	signed[c.Spec.SecretName] = own
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	authority := by.cert.Raw
	if c.Spec.IsCA {
		authority = der
	}
	return map[string]string{
		"tls.crt": block("CERTIFICATE", der), "tls.key": block("PRIVATE KEY", private), "ca.crt": block("CERTIFICATE", authority),
	}, nil
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// template returns the X.509 template of a Certificate.
func template(c certificate) (*x509.Certificate, error) {
	life, err := time.ParseDuration(c.Spec.Duration)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: c.Spec.CommonName}, IsCA: c.Spec.IsCA, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(life),
	}
	t.DNSNames = c.Spec.DNSNames
	for _, text := range c.Spec.URIs {
		u, err := url.Parse(text)
		if err != nil {
			return nil, err
		}
		t.URIs = append(t.URIs, u)
	}
	for _, usage := range c.Spec.Usages {
		switch usage {
		case "digital signature":
			t.KeyUsage |= x509.KeyUsageDigitalSignature
		case "cert sign":
			t.KeyUsage |= x509.KeyUsageCertSign
		case "crl sign":
			t.KeyUsage |= x509.KeyUsageCRLSign
		case "server auth":
			t.ExtKeyUsage = append(t.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
		case "client auth":
			t.ExtKeyUsage = append(t.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
		default:
			return nil, fmt.Errorf("the usage %q is not supported", usage)
		}
	}
	return t, nil
}
