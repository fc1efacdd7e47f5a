package doctor

import (
	"errors"
	"fmt"
	"time"

	"github.com/vidocu/usher/internal/platform/mtls"
)

const (
	// lastPart is the last part of a certificate's lifetime, one in this many, in which it should be replaced already. It is no fixed
	// time, because some certificates are valid for a day.
	lastPart = 10
	// authorityNotice is how long before its expiry, at most, an authority is a warning: all certificates expire with it.
	authorityNotice = 30 * 24 * time.Hour
)

func (t Target) certificate(now time.Time) Finding {
	const check = "certificate"
	files := t.Settings.Certificate()
	if t.DevFolder != "" {
		return Finding{Check: check, State: Skipped, Text: "`usher dev` needs none: its services are in one process"}
	}
	if files.CertFile == "" && files.KeyFile == "" && files.CAFile == "" {
		return Finding{check, Skipped, "tls.cert_file, tls.key_file and tls.ca_file are not set", "set them, except in development: every process and every operator needs a certificate"}
	}
	own, err := mtls.Read(files)
	switch {
	case errors.Is(err, mtls.ErrNotOfDomain):
		return Finding{check, Wrong, err.Error(), fmt.Sprintf("issue one with the single URI SAN spiffe://%s/<name>, or correct trust_domain", files.TrustDomain)}
	case err != nil:
		return Finding{check, Wrong, err.Error(), "set PEM files that this user can read, and the private key of the certificate"}
	}
	f := validate(own, files, now)
	f.Check = check
	return f
}

// validate checks a certificate that could be read.
func validate(own mtls.Own, files mtls.Config, now time.Time) Finding {
	name, ends := "spiffe://"+files.TrustDomain+"/"+own.Name, own.Ends.UTC().Format(time.RFC3339)
	switch {
	case now.Before(own.Begins):
		return Finding{State: Wrong, Text: name + " is valid from " + own.Begins.UTC().Format(time.RFC3339), Fix: "wait, or set this machine's clock"}
	case now.After(own.Ends):
		return Finding{State: Wrong, Text: name + " expired " + ends, Fix: "replace the certificate: no restart is needed"}
	}
	if err := own.Usable(now); err != nil {
		return Finding{State: Wrong, Text: err.Error(), Fix: "tls.ca_file must contain the authority that signed the certificate, and the certificate must allow client and server use"}
	}
	if own.Ends.Sub(now) < own.Ends.Sub(own.Begins)/lastPart {
		return Finding{State: Warning, Text: name + " expires " + ends, Fix: "replace the certificate now: no restart is needed"}
	}
	return Finding{State: OK, Text: name + " until " + ends}
}

// authority checks when the certificate authority expires.
func (t Target) authority(now time.Time) Finding {
	const check = "certificate authority"
	file := t.Settings.TLS.CAFile
	if t.DevFolder != "" {
		return Finding{Check: check, State: Skipped, Text: "`usher dev` needs none"}
	}
	if file == "" {
		return Finding{Check: check, State: Skipped, Text: "tls.ca_file is not set"}
	}
	first, err := mtls.Authority(file)
	if err != nil {
		return Finding{check, Wrong, err.Error(), "set a PEM file that this user can read"}
	}
	text := file + " until " + first.NotAfter.UTC().Format(time.RFC3339)
	notice := min(authorityNotice, first.NotAfter.Sub(first.NotBefore)/lastPart)
	switch {
	case now.After(first.NotAfter):
		return Finding{check, Wrong, text, "remove the expired authority from tls.ca_file, or replace it as docs/operations.md says at Rotation"}
	case now.Add(notice).After(first.NotAfter):
		return Finding{check, Warning, text, "replace the authority before that, as docs/operations.md says at Rotation"}
	}
	return Finding{Check: check, State: OK, Text: text}
}
