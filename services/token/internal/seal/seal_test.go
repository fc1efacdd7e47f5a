package seal_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/seal"
)

// predecessor is the token that was presented.
const predecessor = "vdo_ort_56789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl3hEG9X"

func successor() grant.TokenPair {
	return grant.TokenPair{
		Access: secret.Generate(secret.AccessToken), Refresh: secret.Generate(secret.RefreshToken),
		ExpiresIn: time.Hour, Scope: "videos:read analyze:write",
	}
}

func mustSeal(t *testing.T, pair grant.TokenPair) []byte {
	t.Helper()
	sealed, err := seal.Sealer{}.Seal(secret.New(predecessor), pair)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func same(a, b grant.TokenPair) bool {
	return a.Access.Equal(b.Access) && a.Refresh.Equal(b.Refresh) && a.ExpiresIn == b.ExpiresIn && a.Scope == b.Scope
}

func TestThePredecessorOpensTheSeal(t *testing.T) {
	narrow, whole := successor(), successor()
	whole.Scope = ""
	for _, want := range []grant.TokenPair{narrow, whole, {}} {
		got, err := seal.Sealer{}.Open(secret.New(predecessor), mustSeal(t, want))
		if err != nil {
			t.Fatal(err)
		}
		if !same(got, want) {
			t.Errorf("opened %q for %s, sealed %q for %s, or other tokens", got.Scope, got.ExpiresIn, want.Scope, want.ExpiresIn)
		}
	}
}

// unreadable expects no token pair and ErrUnreadable.
func unreadable(t *testing.T, token string, sealed []byte) {
	t.Helper()
	pair, err := seal.Sealer{}.Open(secret.New(token), sealed)
	if !errors.Is(err, seal.ErrUnreadable) {
		t.Errorf("Open: %v, want ErrUnreadable", err)
	}
	if !same(pair, grant.TokenPair{}) {
		t.Error("an unreadable seal came with a pair")
	}
}

func TestNothingButThePredecessorOpensTheSeal(t *testing.T) {
	pair := successor()
	sealed := mustSeal(t, pair)
	hash := secret.Sum(predecessor)
	for _, token := range []string{
		"", predecessor[:len(predecessor)-1], predecessor + "0", pair.Refresh.Reveal(), pair.Access.Reveal(),
		secret.Generate(secret.RefreshToken).Reveal(), string(hash.Bytes()),
	} {
		unreadable(t, token, sealed)
	}
}

func TestATamperedSealDoesNotOpen(t *testing.T) {
	sealed := mustSeal(t, successor())
	for i := range sealed {
		for bit := range 8 {
			tampered := bytes.Clone(sealed)
			tampered[i] ^= 1 << bit
			unreadable(t, predecessor, tampered)
		}
	}
	unreadable(t, predecessor, append(bytes.Clone(sealed), 0))
}

func TestATruncatedSealDoesNotOpen(t *testing.T) {
	sealed := mustSeal(t, successor())
	for n := range sealed {
		unreadable(t, predecessor, sealed[:n])
		unreadable(t, predecessor, sealed[n+1:])
	}
	unreadable(t, predecessor, nil)
}

func TestTwoSealsOfOnePairDiffer(t *testing.T) {
	pair := successor()
	one, two := mustSeal(t, pair), mustSeal(t, pair)
	// Not the nonce alone: no part of one shows that the other holds the same.
	if bytes.Equal(one, two) || bytes.Equal(one[:12], two[:12]) || bytes.Equal(one[12:], two[12:]) {
		t.Error("two seals share their nonce or their ciphertext")
	}
}

func TestTheSealShowsNothingOfThePair(t *testing.T) {
	pair := successor()
	sealed := mustSeal(t, pair)
	for _, text := range []string{pair.Access.Reveal(), pair.Refresh.Reveal(), pair.Scope, predecessor, "vdo_"} {
		if bytes.Contains(sealed, []byte(text)) {
			t.Error("the sealed bytes hold a part of the pair in the clear")
		}
	}
}

// knownPair is a token pair and one sealed form of it. A rolling upgrade must decrypt what the
// previous release sealed, and all processes of the fuzzer need the same bytes.
func knownPair(t testing.TB) (grant.TokenPair, []byte) {
	t.Helper()
	sealed, err := base64.StdEncoding.DecodeString("" +
		"awiCvneE/g7F6eGwt/qbk+sgHwJrcRtBdnQVjMqedyF45vMZKI48nPSVGUZrcgA5cdJAMdriXuc9uGRFPIkKelJ2r+fRdSn1qXUG" +
		"bzQH7XHERWK5HaCfGUXMnxrkVG50oA70hMSruFeiXmM2c8NN2GgbYCNOVGoJWpJtys/COX3d+YA8CTp4DDxwp7JiTjTm5Yw6bHxE" +
		"2T4YSDVdPAtz8ub/Jrq1KGDCWXWhUaNbuErr76V0ETtqOg==")
	if err != nil {
		t.Fatal(err)
	}
	return grant.TokenPair{
		Access:    secret.New("vdo_oat_56789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl3yFvjy"),
		Refresh:   secret.New("vdo_ort_000000000000000000000000000000000000000016000lrj5"),
		ExpiresIn: time.Hour, Scope: "videos:read",
	}, sealed
}

func TestWhatAnEarlierReleaseSealedStillOpens(t *testing.T) {
	want, sealed := knownPair(t)
	got, err := seal.Sealer{}.Open(secret.New(predecessor), sealed)
	if err != nil || !same(got, want) {
		t.Errorf("Open: %q for %s, %v, or other tokens", got.Scope, got.ExpiresIn, err)
	}
}

// FuzzOpen: Open returns a token pair only for bytes that were sealed under the token, whatever the
// database returns.
func FuzzOpen(f *testing.F) {
	pair, sealed := knownPair(f)
	f.Add(predecessor, sealed)
	f.Add(predecessor, []byte(nil))
	f.Add("", sealed)
	f.Add(predecessor, sealed[:28])
	f.Add(predecessor, append([]byte{0}, sealed...))
	f.Fuzz(func(t *testing.T, token string, data []byte) {
		got, err := seal.Sealer{}.Open(secret.New(token), data)
		if err == nil {
			if token != predecessor || !bytes.Equal(data, sealed) || !same(got, pair) {
				t.Error("something opened that was never sealed")
			}
			return
		}
		if !errors.Is(err, seal.ErrUnreadable) || !same(got, grant.TokenPair{}) {
			t.Errorf("Open: %v, want ErrUnreadable and no pair", err)
		}
	})
}
