package rpc

import (
	"crypto/sha256"
	"encoding/binary"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/lease"
)

const (
	// maxAuthentications is how many responses are cached at most.
	maxAuthentications = 10_000
	// maxAuthenticationAge is how long a response is used at most, since authz records at each
	// authentication when a secret was last used.
	maxAuthenticationAge = time.Minute
)

// AuthenticationCache has responses of authz to clients that authenticated with a secret, or without
// one, for as long as authz leases them (docs/adr/0008-cache-with-a-lease.md): a change of a client
// returns later than the leases of the responses before it end. Its methods may be called concurrently.
// A nil cache is always empty.
type AuthenticationCache struct {
	responses *otter.Cache[[sha256.Size]byte, authentication]
	// version is the version of authz's clients that is trusted the longest.
	version      atomic.Pointer[trustedVersion]
	hits, misses atomic.Uint64
}

// authentication is a cached response, and when it expires.
type authentication struct {
	response *authzv1.AuthenticateClientResponse
	until    time.Time
}

// trustedVersion is a version, and until when it is trusted to be the current one.
type trustedVersion struct {
	version int64
	until   time.Time
}

// NewAuthenticationCache returns an empty cache.
func NewAuthenticationCache() *AuthenticationCache {
	return &AuthenticationCache{responses: otter.Must(&otter.Options[[sha256.Size]byte, authentication]{MaximumSize: maxAuthentications})}
}

// Hits is how many authentications needed no call.
func (c *AuthenticationCache) Hits() uint64 { return c.hits.Load() }

// Misses is how many authentications that may be cached needed a call.
func (c *AuthenticationCache) Misses() uint64 { return c.misses.Load() }

// authenticate returns the response to a request, from memory if it is leased, and else from call. A
// code, an assertion and a proof are used once, so that a request with one is always a call. Callers
// share the response and must not change it.
func (c *AuthenticationCache) authenticate(
	req *authzv1.AuthenticateClientRequest, call func() (*authzv1.AuthenticateClientResponse, error),
) (*authzv1.AuthenticateClientResponse, error) {
	if c == nil || req.GetCode() != "" || req.GetDeviceCode() != "" || req.GetAssertion() != nil || req.GetProof() != nil {
		return call()
	}
	key, startedAt := credentialsKey(req.GetCredentials()), time.Now()
	if found, ok := c.find(key, startedAt); ok {
		c.hits.Add(1)
		return found, nil
	}
	c.misses.Add(1)
	res, err := call()
	if err == nil {
		c.keep(key, res, startedAt)
	}
	return res, err
}

func (c *AuthenticationCache) find(key [sha256.Size]byte, now time.Time) (*authzv1.AuthenticateClientResponse, bool) {
	trusted := c.version.Load()
	if trusted == nil || !now.Before(trusted.until) {
		return nil, false
	}
	found, ok := c.responses.GetIfPresent(key)
	if !ok || found.response.GetLease().GetClientVersion() != trusted.version || !now.Before(found.until) {
		return nil, false
	}
	return found.response, true
}

// keep caches a response to a call that began at startedAt, and trusts its version. Both durations count
// from the start of the call: authz computed them later, so that they end here before they end there.
func (c *AuthenticationCache) keep(key [sha256.Size]byte, res *authzv1.AuthenticateClientResponse, startedAt time.Time) {
	trust := atMost(lease.Trust, res.GetLease().GetTrustedMicroseconds())
	holds := atMost(maxAuthenticationAge, res.GetLease().GetHoldsMicroseconds())
	if trust <= 0 || holds <= 0 {
		return
	}
	c.responses.Set(key, authentication{response: res, until: startedAt.Add(holds)})
	trusted := &trustedVersion{version: res.GetLease().GetClientVersion(), until: startedAt.Add(trust)}
	for {
		last := c.version.Load()
		if last != nil && !trusted.until.After(last.until) || c.version.CompareAndSwap(last, trusted) {
			return
		}
	}
}

// atMost returns a number of microseconds as a duration that is no longer than limit.
func atMost(limit time.Duration, microseconds int64) time.Duration {
	return time.Duration(min(microseconds, limit.Microseconds())) * time.Microsecond
}

// credentialsKey returns a key of credentials from which they cannot be computed, since secrets have 256
// random bits.
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
