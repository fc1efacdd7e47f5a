package activity

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// rounds is the number of crashes; `make crash` plays more.
var rounds = flag.Int("rounds", 8, "crashes of TestActivity_ACrashLosesNoEventAndStoresNoneTwice")

// most is how many changes of a kind are made, crashed the name of their objects.
const (
	most    = 900
	crashed = "Crashed"
)

// TestActivity_ACrashLosesNoEventAndStoresNoneTwice: any process is killed at random while each service
// that has events changes something all the time. Afterwards each change that was committed has one
// event, and none that was not committed has any.
func TestActivity_ACrashLosesNoEventAndStoresNoneTwice(t *testing.T) {
	d, _ := shared.OwnProcesses(t, nil)
	c := &crash{t: t, conns: map[string]*grpc.ClientConn{}}
	for _, service := range []string{"identity", "authz", "token", "consent"} {
		conn, err := d.Dial("operator", service)
		expect.NoError(t, err)
		t.Cleanup(func() { expect.NoError(t, conn.Close()) })
		c.conns[service] = conn
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(1, seed))
	ctx, stop := context.WithCancel(t.Context())
	var changing sync.WaitGroup
	for _, change := range []func(ctx context.Context, n int){c.createWorkspace, c.createClient, c.createKey} {
		changing.Go(func() { repeat(ctx, change) })
	}
	killed := map[string]int{}
	victims := d.Names()
	for range *rounds {
		victim := victims[random.IntN(len(victims))]
		killed[victim]++
		pause := time.NewTimer(time.Duration(random.IntN(700)) * time.Millisecond)
		<-pause.C
		expect.NoError(t, d.Kill(victim))
		expect.NoError(t, d.StartOne(victim))
	}
	stop()
	changing.Wait()
	t.Logf("seed %d, killed %v", seed, killed)
	for kind, exist := range map[string]func() []string{
		"workspace.created": c.workspaces, "client.created": c.clients, "api_key.created": c.keys(false), "api_key.revoked": c.keys(true),
		"workspace.app_approved": c.approved,
	} {
		c.compare(d, kind, exist())
	}
}

// patience is between two changes: so long that they last until the last crash, where each takes two seconds.
func patience() time.Duration {
	return max(50*time.Millisecond, time.Duration(*rounds)*2*time.Second/most)
}

// repeat makes a change again and again until ctx ends, and at most so often as is listed afterwards: on a busy
// machine the crashes last longer. The last call ends by itself: one that is cancelled may still change something
// when the changes are listed.
func repeat(ctx context.Context, change func(ctx context.Context, n int)) {
	for n := 0; n < most && ctx.Err() == nil; n++ {
		call, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		change(call, n)
		cancel()
		pause := time.NewTimer(patience())
		<-pause.C
	}
}

// crash makes changes. A call fails while a process is away, and may have changed something or not.
type crash struct {
	t     *testing.T
	conns map[string]*grpc.ClientConn
}

func crashedID(prefix string, n int) string { return fmt.Sprintf("%s_crash%d", prefix, n) }

// createWorkspace creates a workspace and approves a client for it, which needs one that exists.
func (c *crash) createWorkspace(ctx context.Context, n int) {
	_, _ = identityv1.NewAdministrationServiceClient(c.conns["identity"]).CreateWorkspace(ctx, &identityv1.CreateWorkspaceRequest{
		WorkspaceId: crashedID("ws", n), Name: crashed, Plan: "free",
	})
	_, _ = consentv1.NewWorkspaceServiceClient(c.conns["consent"]).SetAppApproval(ctx, &consentv1.SetAppApprovalRequest{
		WorkspaceId: crashedID("ws", n), ClientId: harness.PublicID, Approved: true,
	})
}

func (c *crash) createClient(ctx context.Context, n int) {
	_, _ = authzv1.NewAdministrationServiceClient(c.conns["authz"]).CreateClient(ctx, &authzv1.CreateClientRequest{
		ClientId: crashedID("vdo_client", n), Name: crashed, Type: authzv1.ClientType_CLIENT_TYPE_PUBLIC, RedirectUris: []string{harness.CallbackURI},
		Scopes: []string{"videos:read"},
	})
}

// createKey creates a key and revokes it: a workspace has a limit of live ones.
func (c *crash) createKey(ctx context.Context, _ int) {
	keys := tokenv1.NewApiKeyServiceClient(c.conns["token"])
	res, err := keys.CreateApiKey(ctx, &tokenv1.CreateApiKeyRequest{WorkspaceId: "ws_acme", Name: crashed})
	if err == nil {
		_, _ = keys.RevokeApiKey(ctx, &tokenv1.RevokeApiKeyRequest{KeyId: res.GetApiKey().GetKeyId()})
	}
}

func (c *crash) workspaces() (ids []string) {
	admin := identityv1.NewAdministrationServiceClient(c.conns["identity"])
	res, err := admin.ListAllWorkspaces(c.t.Context(), &identityv1.ListAllWorkspacesRequest{PageSize: 1000}, grpc.WaitForReady(true))
	expect.NoError(c.t, err)
	for _, w := range res.GetWorkspaces() {
		if w.GetName() == crashed {
			ids = append(ids, w.GetWorkspaceId())
		}
	}
	return ids
}

func (c *crash) clients() (ids []string) {
	admin := authzv1.NewAdministrationServiceClient(c.conns["authz"])
	res, err := admin.ListClients(c.t.Context(), &authzv1.ListClientsRequest{PageSize: 1000}, grpc.WaitForReady(true))
	expect.NoError(c.t, err)
	for _, r := range res.GetRegistrations() {
		if r.GetClient().GetName() == crashed {
			ids = append(ids, r.GetClient().GetClientId())
		}
	}
	return ids
}

// keys returns the function that lists the keys, or the revoked ones.
func (c *crash) keys(revoked bool) func() []string {
	return func() (ids []string) {
		keys := tokenv1.NewApiKeyServiceClient(c.conns["token"])
		res, err := keys.ListApiKeys(c.t.Context(), &tokenv1.ListApiKeysRequest{WorkspaceId: "ws_acme"}, grpc.WaitForReady(true))
		expect.NoError(c.t, err)
		for _, k := range res.GetApiKeys() {
			if k.GetName() == crashed && (!revoked || k.GetRevokeTime() != nil) {
				ids = append(ids, k.GetKeyId())
			}
		}
		return ids
	}
}

func (c *crash) approved() (ids []string) {
	workspaces := consentv1.NewWorkspaceServiceClient(c.conns["consent"])
	for _, id := range c.workspaces() {
		var res *consentv1.GetWorkspacePolicyResponse
		expect.Eventually(c.t, "the policy of "+id, func() bool { // consent connects again to the services that were killed
			var err error
			res, err = workspaces.GetWorkspacePolicy(c.t.Context(), &consentv1.GetWorkspacePolicyRequest{WorkspaceId: id}, grpc.WaitForReady(true))
			return err == nil
		})
		if len(res.GetApproved()) > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// compare awaits the events of a kind, and requires one for each of the objects and no other.
func (c *crash) compare(d *harness.Deployment, kind string, exist []string) {
	c.t.Helper()
	if len(exist) == 0 {
		c.t.Errorf("no change of %s was committed", kind)
	}
	var counts map[string]int
	expect.Eventually(c.t, "every event "+kind, func() bool {
		counts = map[string]int{}
		for _, e := range events(c.t, d, "--kind", kind) {
			switch kind {
			case "client.created":
				counts[e.ClientID]++
			case "api_key.created", "api_key.revoked":
				counts[e.ObjectID]++
			default:
				counts[e.WorkspaceID]++
			}
		}
		return !slices.ContainsFunc(exist, func(id string) bool { return counts[id] == 0 })
	})
	for id, n := range counts {
		if n != 1 || !slices.Contains(exist, id) {
			c.t.Errorf("%s of %s has %d events, and the change was committed: %t", kind, id, n, slices.Contains(exist, id))
		}
	}
	c.t.Logf("%s: %d changes, each with one event", kind, len(exist))
}
