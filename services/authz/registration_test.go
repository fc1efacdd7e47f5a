package authz_test

import (
	"fmt"
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/catalog"
	"github.com/vidocu/usher/services/authz"
)

// selfRegister registers a public client from a source address.
func (b *bench) selfRegister(t *testing.T, name, source string) error {
	t.Helper()
	if b.registrations == nil {
		b.registrations = authzv1.NewRegistrationServiceClient(dial(t, b.network, "gateway", "authz"))
	}
	_, err := b.registrations.RegisterClient(t.Context(), &authzv1.RegisterClientRequest{
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

// TestN7_8_AFloodOfTenThousandRegistrationsLeavesOneClient where they are identical, as those of a hosted
// connector that registers with every connection of a user, and the newest registrations of it. Different
// ones stay up to the limit of an address, until cleanup deletes what no user approved.
func TestN7_8_AFloodOfTenThousandRegistrationsLeavesOneClient(t *testing.T) {
	const flood, windows, kept = 10_000, 10, 20
	config := authz.DefaultConfig()
	for name, c := range map[string]struct {
		named            func(i int) string
		windows, clients int
	}{
		"identical": {func(int) string { return "Connector" }, windows, 1},
		"different": {func(i int) string { return fmt.Sprint("App ", i) }, 1, config.DCRSourceLimit},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, func(d *authz.Deps) { d.Registration = "open" })
			accepted := 0
			for i := range flood {
				if i > 0 && i%(flood/c.windows) == 0 {
					b.clock.Advance(config.DCRWindow)
				}
				if err := b.selfRegister(t, c.named(i), "192.0.2.1"); err == nil {
					accepted++
				} else {
					wantReason(t, "more of one address", err, errorv1.Reason_REASON_RATE_LIMITED)
				}
			}
			if want := c.windows * config.DCRSourceLimit; accepted != want {
				t.Errorf("%d registrations are accepted, want %d", accepted, want)
			}
			b.wantRows(t, "dynamic_clients", c.clients)
			b.wantRows(t, "dynamic_registrations", kept)
		})
	}
}

// wantRows checks how many rows a table has.
func (b *bench) wantRows(t *testing.T, table string, want int) {
	t.Helper()
	var rows int
	if err := b.db.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&rows); err != nil || rows != want {
		t.Errorf("%s has %d rows, want %d (%v)", table, rows, want, err)
	}
}

// TestRFC7591_2_WithoutOpenIDConnectItsMembersAreIgnored, as every member that a server does not know: the
// response shows that they are not registered.
func TestRFC7591_2_WithoutOpenIDConnectItsMembersAreIgnored(t *testing.T) {
	b := newBench(t, func(d *authz.Deps) { d.Registration = "open" })
	registrations := authzv1.NewRegistrationServiceClient(dial(t, b.network, "gateway", "authz"))
	res, err := registrations.RegisterClient(t.Context(), &authzv1.RegisterClientRequest{
		SourceAddress: "192.0.2.1", Metadata: &authzv1.ClientMetadata{
			RedirectUris: []string{"https://a.test/cb", "https://b.test/cb"}, SubjectType: "pairwise", IdTokenSignedResponseAlg: "EdDSA",
		},
	})
	if err != nil || res.GetClient().GetMetadata().GetSubjectType() != "" || res.GetClient().GetMetadata().GetIdTokenSignedResponseAlg() != "" {
		t.Errorf("%v, %v", res, err)
	}
}

// TestAClientKeepsItsSubjectsWhereOpenIDConnectIsTurnedOff: it may still change its registration.
func TestAClientKeepsItsSubjectsWhereOpenIDConnectIsTurnedOff(t *testing.T) {
	open := func(d *authz.Deps) { d.Registration = "open" }
	on := newBench(t, open, func(d *authz.Deps) { d.Catalog = catalog.Fixed(catalog.Default().WithOpenID()) })
	off := newBench(t, open, func(d *authz.Deps) { d.DB = on.db })
	metadata := &authzv1.ClientMetadata{RedirectUris: []string{"https://a.test/cb"}, SubjectType: "pairwise"}
	registered, err := authzv1.NewRegistrationServiceClient(dial(t, on.network, "gateway", "authz")).RegisterClient(t.Context(),
		&authzv1.RegisterClientRequest{Metadata: metadata, SourceAddress: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	update := func(uri, token string) (*authzv1.UpdateRegistrationResponse, error) {
		metadata.RedirectUris = []string{uri}
		return authzv1.NewRegistrationServiceClient(dial(t, off.network, "gateway", "authz")).UpdateRegistration(t.Context(),
			&authzv1.UpdateRegistrationRequest{ClientId: registered.GetClient().GetClientId(), RegistrationAccessToken: token, Metadata: metadata})
	}
	changed, err := update("https://a.test/other", registered.GetRegistrationAccessToken())
	if err != nil || changed.GetClient().GetMetadata().GetSubjectType() != "pairwise" {
		t.Fatalf("%v, %v", changed, err)
	}
	if _, err := update("https://b.test/cb", changed.GetRegistrationAccessToken()); err == nil {
		t.Error("its subjects go to another host")
	}
}
