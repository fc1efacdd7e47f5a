package usedfrom_test

import (
	"strconv"
	"testing"

	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/token/internal/usedfrom"
)

func TestAReuseIsComparedWithTheFirstUse(t *testing.T) {
	var r usedfrom.Recent
	first, unknown := secret.Sum("first"), secret.Sum("unknown")
	r.Note(first, "203.0.113.7")
	r.Note(unknown, "")
	for _, row := range []struct {
		credential  secret.Hash
		address     string
		same, known bool
	}{
		{first, "203.0.113.7", true, true}, {first, "203.0.113.8", false, true}, {first, "", false, false},
		{unknown, "203.0.113.7", false, false},
	} {
		if same, known := r.Same(row.credential, row.address); same != row.same || known != row.known {
			t.Errorf("from %q: same %t known %t, want %t %t", row.address, same, known, row.same, row.known)
		}
	}
}

func TestTheMemoryIsBounded(t *testing.T) {
	var r usedfrom.Recent
	const many = 1<<14 + 1
	for i := range many {
		r.Note(secret.Sum(strconv.Itoa(i)), "203.0.113.7")
	}
	if _, known := r.Same(secret.Sum("0"), "203.0.113.7"); known {
		t.Error("the oldest is remembered beyond the bound")
	}
	if _, known := r.Same(secret.Sum(strconv.Itoa(many-1)), "203.0.113.7"); !known {
		t.Error("the newest is not remembered")
	}
}
