package client_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// records is a registry that answers what it is told, also what no store of ours would.
type records []client.Record

func (r records) Credentials(context.Context, string, string) ([]client.Record, error) { return r, nil }

const appID = "vdo_client_a"

func record(kind client.Type, secrets ...secret.Hash) client.Record {
	return client.Record{Client: client.Client{ID: appID, Type: kind}, Secrets: secrets}
}

func TestARecordThatCannotBeAuthenticatesNobody(t *testing.T) {
	hash := secret.Sum("right")
	for _, row := range []struct {
		name  string
		app   client.Record
		proof string
		want  bool
	}{
		{"a confidential app without any secret", record(client.Confidential), "right", false},
		{"a confidential app without any secret, and none is sent", record(client.Confidential), "", false},
		{"the hash of nothing as a secret", record(client.Confidential, secret.Sum("")), "", false},
		{"a type that is neither", record("", hash), "right", false},
		{"a type that is neither, and no secret", record("other"), "", false},
		{"more secrets than there may be: the third is none", record(client.Confidential, secret.Hash{}, secret.Hash{}, hash), "right", false},
		{"the second of two", record(client.Confidential, secret.Hash{}, hash), "right", true},
		{"a public app to which a secret was left", record(client.Public, hash), "right", false},
		{"a public app to which a secret was left, and none is sent", record(client.Public, hash), "", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			sent := []oauth.ClientCredentials{reading(appID, row.proof)}
			_, err := client.Authenticator{Records: records{row.app}}.Authenticate(t.Context(), sent)
			if (err == nil) != row.want || !row.want && !errors.Is(err, client.ErrInvalid) {
				t.Errorf("%v, want success %v", err, row.want)
			}
		})
	}
	disabled := record(client.Public)
	disabled.Disabled = true
	if _, err := (client.Authenticator{Records: records{disabled}}).Authenticate(t.Context(), readings(reading(appID, ""))); err == nil {
		t.Error("a disabled public app authenticates")
	}
	if _, err := (client.Authenticator{Records: records{record(client.Public)}}).Authenticate(t.Context(), readings(reading("vdo_client_b", ""))); err == nil {
		t.Error("an app authenticates under another's name")
	}
}

// batch is how long some refusals take.
func batch(t *testing.T, registry client.Records) time.Duration {
	t.Helper()
	sent := readings(reading(appID, strings.Repeat("x", 256)))
	begun := time.Now()
	for range 25 {
		if _, err := (client.Authenticator{Records: registry}).Authenticate(t.Context(), sent); err == nil {
			t.Fatal("a wrong secret passes")
		}
	}
	return time.Since(begun)
}

// alike compares the least times of both, turn by turn, and gives a machine that is busy with something else more turns:
// noise only ever adds to a time.
func alike(t *testing.T, one, other client.Records) (a, b time.Duration, ok bool) {
	t.Helper()
	a, b = time.Hour, time.Hour
	for turn := range 20_000 {
		a, b = min(a, batch(t, one)), min(b, batch(t, other))
		if ok = a < 2*b && b < 2*a; ok && turn >= 200 {
			break
		}
	}
	return a, b, ok
}

// Most of a refusal is the hash of the secret, so one that spares it takes a fraction of the time.
func TestWhetherAnAppExistsDoesNotShowInTheTimeOfARefusal(t *testing.T) {
	known := records{record(client.Confidential, secret.Sum("one"), secret.Sum("two"))}
	disabled := record(client.Confidential, secret.Sum("one"))
	disabled.Disabled = true
	for name, registry := range map[string]records{
		"unknown": {}, "public": {record(client.Public)}, "disabled": {disabled}, "without a secret": {record(client.Confidential)},
	} {
		if a, b, ok := alike(t, known, registry); !ok {
			t.Errorf("refusing a wrong secret takes %s a batch, and an app that is %s %s", a, name, b)
		}
	}
}
