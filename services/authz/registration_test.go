package authz_test

import (
	"fmt"
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/services/authz"
)

// selfRegister registers a public client from a source address.
func (b *bench) selfRegister(t *testing.T, name, source string) error {
	t.Helper()
	_, err := authzv1.NewRegistrationServiceClient(dial(t, b.network, "gateway", "authz")).RegisterClient(t.Context(), &authzv1.RegisterClientRequest{
		Metadata: &authzv1.ClientMetadata{ClientName: name, RedirectUris: []string{"http://127.0.0.1/callback"}}, SourceAddress: source,
	})
	return err
}

// TestN7_8_RegistrationsOfANetworkAreLimited although each address of it is below its own limit;
// another network is not affected.
func TestN7_8_RegistrationsOfANetworkAreLimited(t *testing.T) {
	for name, addresses := range map[string][2]string{
		"IPv4": {"192.0.2.%d", "192.0.3.%d"}, "IPv6": {"2001:db8:1:%d::1", "2001:db8:2:%d::1"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, func(d *authz.Deps) { d.Registration = "open" })
			limit := authz.DefaultConfig().DCRNetworkLimit
			for i := range limit {
				if err := b.selfRegister(t, fmt.Sprint("App ", i), fmt.Sprintf(addresses[0], i+1)); err != nil {
					t.Fatal(err)
				}
			}
			wantReason(t, "one more of the network", b.selfRegister(t, "App", fmt.Sprintf(addresses[0], limit+1)), errorv1.Reason_REASON_RATE_LIMITED)
			if err := b.selfRegister(t, "App", fmt.Sprintf(addresses[1], 1)); err != nil {
				t.Errorf("another network: %v", err)
			}
		})
	}
}
