package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
)

// Description is what a client says about itself to users and how it is reached: the part of a client
// that a user's approval rests on.
type Description struct {
	Name, Publisher string
	// HomePage is the address of its home page; empty for none.
	HomePage string
	// Hosts are the hosts of its redirect URIs; nil for a client that the operator registered, who
	// vouches for them.
	Hosts []string
	// Document is all of the document that describes the client, in a canonical form; empty for a
	// client without one.
	Document string
}

// DescriptionChange is a part of a Description.
type DescriptionChange int

// The parts. The zero value is none.
const (
	NameChanged      DescriptionChange = 1
	PublisherChanged DescriptionChange = 2
	HomePageChanged  DescriptionChange = 3
	HostsChanged     DescriptionChange = 4
	// OtherChanged is another part of the client's document.
	OtherChanged DescriptionChange = 5
)

// The lengths of the digest of a whole description and of a part of it, in bytes. A part's is only
// compared with that of the same client.
const (
	wholeDigest = 18
	partDigest  = 6
)

// Digest returns the digest of a description, which a grant carries: that of the whole and, so that a
// difference can be named, those of the parts, base64url with dots between. It has less than 80
// characters.
func (d Description) Digest() string {
	hosts := slices.Compact(slices.Sorted(slices.Values(d.Hosts)))
	parts := []string{d.Name, d.Publisher, d.HomePage, strings.Join(hosts, " ")}
	digests := []string{digest(wholeDigest, append(slices.Clone(parts), d.Document)...)}
	for _, part := range parts {
		digests = append(digests, digest(partDigest, part))
	}
	return strings.Join(digests, ".")
}

// digest returns the start of the hash of texts.
func digest(length int, texts ...string) string {
	h := sha256.New()
	for _, text := range texts {
		sum := sha256.Sum256([]byte(text)) // of one length, so that no two lists have the same bytes
		_, _ = h.Write(sum[:])             // never fails
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:length])
}

// DescriptionChanges returns the parts in which two digests differ. A digest that is empty, as of a
// grant from before there were digests, or of another form differs in none.
func DescriptionChanges(before, after string) []DescriptionChange {
	was, is := strings.Split(before, "."), strings.Split(after, ".")
	if len(was) != 5 || len(is) != 5 || was[0] == is[0] {
		return nil
	}
	var changes []DescriptionChange
	for i := 1; i < len(was); i++ {
		if was[i] != is[i] {
			changes = append(changes, DescriptionChange(i))
		}
	}
	if changes == nil {
		changes = []DescriptionChange{OtherChanged}
	}
	return changes
}
