package dpop

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"
)

const (
	// nonceLifetime is how long a nonce is accepted after it was issued.
	nonceLifetime = 5 * time.Minute
	// nonceStep is how long every request gets the same nonce.
	nonceStep = 30 * time.Second
	// nonceTime and nonceMAC are the lengths of the parts of a nonce, in bytes.
	nonceTime, nonceMAC = 8, 16
)

// Nonces are the nonces of a server (RFC 9449 §8, §9). They are not stored: a nonce is the time when it
// was issued with a MAC, so that every process with the key accepts those of the others. The methods may
// be called concurrently.
type Nonces struct {
	// keys are the key, under which nonces are issued, and the others, under which they are accepted too.
	keys [][]byte
}

// NewNonces returns the nonces under a key of 32 random bytes or more, which all replicas of the server
// share. Nonces under one of the others are accepted too: to replace the key while replicas have
// different ones, add the new key as another one first, and keep the old one as another one until the
// nonces under it have expired.
func NewNonces(key []byte, others ...[]byte) *Nonces {
	return &Nonces{keys: append([][]byte{key}, others...)}
}

// Issue returns a nonce.
func (n *Nonces) Issue(now time.Time) string {
	raw := binary.BigEndian.AppendUint64(make([]byte, 0, nonceTime+nonceMAC), uint64(now.Truncate(nonceStep).Unix()))
	return base64.RawURLEncoding.EncodeToString(append(raw, mac(n.keys[0], raw)...))
}

// Valid reports whether a nonce was issued in the last five minutes, or by a replica whose clock is up
// to Window ahead.
func (n *Nonces) Valid(nonce string, now time.Time) bool {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(nonce)
	if err != nil || len(raw) != nonceTime+nonceMAC || !n.issued(raw[:nonceTime], raw[nonceTime:]) {
		return false
	}
	age := now.Sub(time.Unix(int64(binary.BigEndian.Uint64(raw[:nonceTime])), 0))
	return age >= -Window && age <= nonceLifetime+nonceStep
}

// issued reports whether the sum is that of the text under one of the keys.
func (n *Nonces) issued(text, sum []byte) bool {
	return slices.ContainsFunc(n.keys, func(key []byte) bool { return hmac.Equal(sum, mac(key, text)) })
}

func mac(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)[:nonceMAC]
}
