package rpc

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
)

const (
	// maxKnownClients is how many responses are cached at most.
	maxKnownClients = 10_000
	// maxKnownFor is how long a response is used at most, since authz records at each authentication when a
	// secret was last used.
	maxKnownFor = time.Minute
)

// KnownClients are responses of authz to clients that authenticated with a secret, or without one, for
// as long as authz leases them (docs/adr/0008-cache-with-a-lease.md): a change of a client returns later
// than the end of the leases of the responses before it. Its methods may be called concurrently. A nil
// *KnownClients knows none.
type KnownClients struct {
	responses *otter.Cache[[sha256.Size]byte, knownClient]
	// version is the version of authz's clients that was trusted last.
	version atomic.Pointer[trustedVersion]
}

// knownClient is a response of a version, by the credentials.
type knownClient struct {
	response *authzv1.AuthenticateClientResponse
	until    time.Time
}

// trustedVersion is a version, and until when it is trusted to be the current one.
type trustedVersion struct {
	version int64
	until   time.Time
}

// NewKnownClients returns an empty cache.
func NewKnownClients() (*KnownClients, error) {
	responses, err := otter.New(&otter.Options[[sha256.Size]byte, knownClient]{MaximumSize: maxKnownClients})
	if err != nil {
		return nil, fmt.Errorf("making the cache of clients: %w", err)
	}
	return &KnownClients{responses: responses}, nil
}

// authenticate returns the response to a request, from memory if it is leased, and else from call.
// Callers share the response and must not change it.
func (k *KnownClients) authenticate(
	req *authzv1.AuthenticateClientRequest, call func() (*authzv1.AuthenticateClientResponse, error),
) (*authzv1.AuthenticateClientResponse, error) {
	if k == nil || req.GetCode() != "" || req.GetDeviceCode() != "" || req.GetAssertion() != nil || req.GetProof() != nil {
		return call()
	}
	key, startedAt := credentialsKey(req.GetCredentials()), time.Now()
	if known, ok := k.find(key, startedAt); ok {
		return known, nil
	}
	res, err := call()
	if err == nil {
		k.keep(key, res, startedAt)
	}
	return res, err
}

func (k *KnownClients) find(key [sha256.Size]byte, now time.Time) (*authzv1.AuthenticateClientResponse, bool) {
	trusted := k.version.Load()
	if trusted == nil || !now.Before(trusted.until) {
		return nil, false
	}
	found, ok := k.responses.GetIfPresent(key)
	if !ok || found.response.GetLease().GetClientVersion() != trusted.version || !now.Before(found.until) {
		return nil, false
	}
	return found.response, true
}

// keep stores a response to a call that began at startedAt, and trusts its version.
func (k *KnownClients) keep(key [sha256.Size]byte, res *authzv1.AuthenticateClientResponse, startedAt time.Time) {
	lease := res.GetLease()
	if lease == nil {
		return
	}
	holds := min(time.Duration(lease.GetHoldsMicroseconds())*time.Microsecond, maxKnownFor)
	k.responses.Set(key, knownClient{response: res, until: startedAt.Add(holds)})
	trusted := &trustedVersion{
		version: lease.GetClientVersion(), until: startedAt.Add(time.Duration(lease.GetTrustedMicroseconds()) * time.Microsecond),
	}
	for {
		last := k.version.Load()
		if last != nil && !trusted.until.After(last.until) || k.version.CompareAndSwap(last, trusted) {
			return
		}
	}
}

// credentialsKey returns a key of credentials from which they cannot be computed.
func credentialsKey(readings []*authzv1.ClientCredentials) [sha256.Size]byte {
	h := sha256.New()
	write := func(text string) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text))))
		h.Write([]byte(text))
	}
	for _, r := range readings {
		write(r.GetClientId())
		write(r.GetClientSecret())
	}
	return [sha256.Size]byte(h.Sum(nil))
}
