package enforce

// Credential is what a request authenticates with.
type Credential struct {
	// Token is the token of the Authorization header; empty for none, and Malformed for one that
	// cannot be read.
	Token string
	// DPoP says that the scheme of the header is DPoP (RFC 9449 §7.1), and not Bearer.
	DPoP bool
	// Proofs are the values of the header DPoP. They count with the scheme DPoP only.
	Proofs []string
}

// ReadCredential reads the values of a request's headers Authorization and DPoP.
func ReadCredential(authorizations, proofs []string) Credential {
	s, token, sent := authorization(authorizations)
	if sent && token == "" {
		token = Malformed
	}
	return Credential{Token: token, DPoP: s == schemeDPoP, Proofs: proofs}
}

// Inactive returns the denial of a request whose token is not active, or which has none.
func (c Credential) Inactive() *Denial {
	var d *Denial
	switch c.Token {
	case "":
		d = Unauthenticated(false)
	case Malformed:
		d = Unauthenticated(true)
	default:
		d = Inactive(c.Token)
	}
	if c.DPoP {
		d.scheme = challengeDPoP
		return Resource{}.Challenge(d)
	}
	return d
}
