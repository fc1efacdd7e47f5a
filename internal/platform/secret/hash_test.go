package secret_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
)

func TestSumIsSHA256(t *testing.T) {
	const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-2, B.1
	sum := secret.Sum("abc")
	if got := hex.EncodeToString(sum.Bytes()); got != abc {
		t.Errorf("Sum gives %s, want %s", got, abc)
	}
	back, err := secret.HashFromBytes(sum.Bytes())
	if err != nil || !secret.Equal(back, sum) || secret.Equal(back, secret.Sum("abd")) {
		t.Errorf("the hash does not survive its bytes: %v", err)
	}
	for _, n := range []int{0, 31, 33} {
		if _, err := secret.HashFromBytes(make([]byte, n)); !errors.Is(err, secret.ErrHashLength) {
			t.Errorf("%d bytes read as a hash: %v", n, err)
		}
	}
}

func TestSumOfAnyLength(t *testing.T) {
	for _, n := range []int{0, 57, 180, 191, 192, 193, 70_000} {
		s := strings.Repeat("x", n)
		if want := sha256.Sum256([]byte(s)); secret.Sum(s) != want {
			t.Errorf("Sum of %d bytes is not their SHA-256", n)
		}
	}
}

func TestBytesIsACopy(t *testing.T) {
	sum := secret.Sum("abc")
	sum.Bytes()[0] ^= 1
	if !secret.Equal(sum, secret.Sum("abc")) {
		t.Error("writing to Bytes changed the hash")
	}
}

func BenchmarkSum(b *testing.B) {
	s := secret.Generate(secret.AccessToken).Reveal()
	b.ReportAllocs()
	for b.Loop() {
		_ = secret.Sum(s)
	}
}
