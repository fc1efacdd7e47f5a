package activity

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// rounds is the number of crashes; `make crash` plays more.
var rounds = flag.Int("rounds", 8, "crashes of TestActivity_ACrashLosesNoEventAndStoresNoneTwice")

// TestActivity_ACrashLosesNoEventAndStoresNoneTwice: identity and activity are killed at random while
// workspaces are created. Afterwards each workspace that exists has one event, and no other has any.
func TestActivity_ACrashLosesNoEventAndStoresNoneTwice(t *testing.T) {
	d, _ := shared.OwnFiveProcesses(t, nil)
	random := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan int)
	go func() { done <- create(ctx, t, d) }()
	for range *rounds {
		victim := []string{"identity", "activity"}[random.IntN(2)]
		pause := time.NewTimer(time.Duration(random.IntN(700)) * time.Millisecond)
		<-pause.C
		expect.NoError(t, d.Kill(victim))
		expect.NoError(t, d.StartOne(victim))
	}
	stop()
	t.Logf("%d creations were sent", <-done)

	conn, err := d.Dial("operator", "identity")
	expect.NoError(t, err)
	defer conn.Close()
	res, err := identityv1.NewAdministrationServiceClient(conn).ListAllWorkspaces(t.Context(), &identityv1.ListAllWorkspacesRequest{PageSize: 1000})
	expect.NoError(t, err)
	exist := map[string]bool{}
	for _, w := range res.GetWorkspaces() {
		if w.GetName() == crashed {
			exist[w.GetWorkspaceId()] = true
		}
	}
	if len(exist) < *rounds {
		t.Fatalf("only %d workspaces were created", len(exist))
	}
	var counts map[string]int
	expect.Eventually(t, "every event", func() bool {
		counts = map[string]int{}
		for _, e := range events(t, d, "--kind", "workspace.created") {
			counts[e.WorkspaceID]++
		}
		for id := range exist {
			if counts[id] == 0 {
				return false
			}
		}
		return true
	})
	for id, n := range counts {
		if n != 1 || !exist[id] {
			t.Errorf("%s has %d events, and exists: %t", id, n, exist[id])
		}
	}
}

// crashed is the name of the workspaces of the test.
const crashed = "Crashed"

// create creates workspaces one after another until ctx ends, and returns how many it sent.
func create(ctx context.Context, t *testing.T, d *harness.Deployment) (n int) {
	conn, err := d.Dial("operator", "identity")
	if err != nil {
		t.Error(err)
		return 0
	}
	defer conn.Close()
	admin := identityv1.NewAdministrationServiceClient(conn)
	for ; ctx.Err() == nil && n < 900; n++ {
		call, cancel := context.WithTimeout(ctx, 5*time.Second)
		// A call fails while identity is away, and may have created the workspace or not.
		_, _ = admin.CreateWorkspace(call, &identityv1.CreateWorkspaceRequest{WorkspaceId: fmt.Sprintf("ws_crash%d", n), Name: crashed, Plan: "free"})
		cancel()
		pause := time.NewTimer(20 * time.Millisecond)
		<-pause.C
	}
	return n
}
