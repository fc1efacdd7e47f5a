package client_test

import (
	"context"
	"errors"
	"testing"

	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
)

// records is a registry with fixed records, including ones that our store never returns.
type records []client.Record

func (r records) Credentials(_ context.Context, id string) (client.Record, error) {
	for _, stored := range r {
		if stored.ID == id {
			return stored, nil
		}
	}
	return client.Record{}, client.ErrUnknown
}

const clientID = "vdo_client_a"

func record(kind client.Type, secrets ...secret.Hash) client.Record {
	return client.Record{Client: client.Client{ID: clientID, Type: kind}, Secrets: secrets}
}

func TestAnInvalidRecordAuthenticatesNoClient(t *testing.T) {
	hash := secret.Sum("right")
	for _, row := range []struct {
		name   string
		stored client.Record
		proof  string
		want   bool
	}{
		{"a confidential client without any secret", record(client.Confidential), "right", false},
		{"a confidential client without any secret, and none is sent", record(client.Confidential), "", false},
		{"the hash of the empty string as a secret", record(client.Confidential, secret.Sum("")), "", false},
		{"a type that is neither", record("", hash), "right", false},
		{"a type that is neither, and no secret", record("other"), "", false},
		{"more secrets than there may be: the third is none", record(client.Confidential, secret.Hash{}, secret.Hash{}, hash), "right", false},
		{"the second of two", record(client.Confidential, secret.Hash{}, hash), "right", true},
		{"a public client to which a secret was left", record(client.Public, hash), "right", false},
		{"a public client to which a secret was left, and none is sent", record(client.Public, hash), "", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			sent := []oauth.ClientCredentials{reading(clientID, row.proof)}
			_, err := client.Authenticator{Records: records{row.stored}}.Authenticate(t.Context(), sent)
			if (err == nil) != row.want || !row.want && !errors.Is(err, client.ErrInvalid) {
				t.Errorf("%v, want success %v", err, row.want)
			}
		})
	}
	disabled := record(client.Public)
	disabled.Disabled = true
	if _, err := (client.Authenticator{Records: records{disabled}}).Authenticate(t.Context(), readings(reading(clientID, ""))); err == nil {
		t.Error("a disabled public client authenticates")
	}
	if _, err := (client.Authenticator{Records: records{record(client.Public)}}).Authenticate(t.Context(), readings(reading("vdo_client_b", ""))); err == nil {
		t.Error("a client authenticates under another's name")
	}
}
