package activity_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	"github.com/vidocu/usher/internal/platform/inproc"
	"github.com/vidocu/usher/internal/platform/inproc/inproctest"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/rpcserver"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/internal/platform/sqldb/sqldbtest"
	"github.com/vidocu/usher/services/activity"
)

// identity has a session "<user>/<role>/<workspace>" of every user.
type identity struct {
	identityv1.UnimplementedSessionServiceServer
}

func (identity) GetSession(_ context.Context, req *identityv1.GetSessionRequest) (*identityv1.GetSessionResponse, error) {
	parts := strings.Split(req.GetSessionToken(), "/")
	if len(parts) != 3 {
		return nil, oerr.New(errorv1.Reason_REASON_SESSION_REQUIRED, "sign in")
	}
	role := identityv1.Role(identityv1.Role_value["ROLE_"+strings.ToUpper(parts[1])])
	return &identityv1.GetSessionResponse{
		Session: &identityv1.Session{UserId: "usr_" + parts[0]},
		Workspaces: &identityv1.WorkspaceList{Workspaces: []*identityv1.Workspace{
			{WorkspaceId: parts[2], Name: "The " + parts[2], Role: role},
		}},
	}, nil
}

// authz has the client "mine" of ws_acme, and "operators" of no workspace.
type authz struct {
	authzv1.UnimplementedClientServiceServer

	mu   sync.Mutex
	down error
}

func (a *authz) BatchGetClients(_ context.Context, req *authzv1.BatchGetClientsRequest) (*authzv1.BatchGetClientsResponse, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.down != nil {
		return nil, a.down
	}
	res := &authzv1.BatchGetClientsResponse{}
	for _, id := range req.GetClientIds() {
		switch id {
		case "mine":
			res.Clients = append(res.Clients, &authzv1.Client{ClientId: id, Name: "My app", OwnerWorkspaceId: "ws_acme"})
		case "operators":
			res.Clients = append(res.Clients, &authzv1.Client{ClientId: id, Name: "The operator's"})
		}
	}
	return res, nil
}

func (a *authz) breakDown(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.down = err
}

// feed is the log of a service: a stream has what is there when it begins, one event a message, and ends
// when the test breaks it.
type feed struct {
	eventv1.UnimplementedEventServiceServer

	mu     sync.Mutex
	events []*eventv1.Event
	asked  []int64
	// reset makes the next stream say that events are missing.
	reset   bool
	changed chan struct{}
}

func newFeed() *feed { return &feed{changed: make(chan struct{})} }

// add appends events and ends the streams.
func (f *feed) add(events ...*eventv1.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range events {
		e.Cursor = int64(len(f.events) + 1)
		f.events = append(f.events, e)
	}
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *feed) WatchEvents(req *eventv1.WatchEventsRequest, stream eventv1.EventService_WatchEventsServer) error {
	f.mu.Lock()
	f.asked = append(f.asked, req.GetCursor())
	left, changed, reset := f.events[min(int(req.GetCursor()), len(f.events)):], f.changed, f.reset
	f.reset = false
	f.mu.Unlock()
	if err := stream.Send(&eventv1.WatchEventsResponse{Cursor: req.GetCursor(), Reset_: reset}); err != nil {
		return err
	}
	for _, e := range left {
		if err := stream.Send(&eventv1.WatchEventsResponse{Events: []*eventv1.Event{e}, Cursor: e.GetCursor()}); err != nil {
			return err
		}
	}
	select {
	case <-changed:
	case <-stream.Context().Done():
	}
	return nil
}

// bench is the service as the all-in-one runs it, with fake peers, and connections of its callers.
type bench struct {
	network *inproc.Network
	db      *sqldb.DB
	authz   *authz
	feeds   map[string]*feed

	gateway, operator activityv1.RequestLogServiceClient
	people, audit     activityv1.AuditServiceClient // as gateway and as operator
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{
		network: inproc.NewNetwork(), db: sqldbtest.Open(t, sqldb.Config{URL: secret.New(sqldbtest.SQLite(t))}), authz: &authz{},
		feeds: map[string]*feed{},
	}
	if err := sqldb.Migrate(t.Context(), b.db, activity.Migrations()); err != nil {
		t.Fatal(err)
	}
	deps := activity.Deps{Logger: slog.New(slog.DiscardHandler), DB: b.db, Feeds: map[string]grpc.ClientConnInterface{}}
	for _, source := range activity.Sources() {
		b.feeds[source] = newFeed()
		serve(t, b.network, source, func(r grpc.ServiceRegistrar) {
			eventv1.RegisterEventServiceServer(r, b.feeds[source])
			switch source {
			case "identity":
				identityv1.RegisterSessionServiceServer(r, identity{})
			case "authz":
				authzv1.RegisterClientServiceServer(r, b.authz)
			}
		})
		deps.Feeds[source] = dial(t, b.network, "activity", source)
	}
	service, err := activity.New(activity.DefaultConfig(), deps)
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	serve(t, b.network, "activity", service.Register)
	b.run(t, service)
	gateway, operator := dial(t, b.network, "gateway", "activity"), dial(t, b.network, "operator", "activity")
	b.gateway, b.operator = activityv1.NewRequestLogServiceClient(gateway), activityv1.NewRequestLogServiceClient(operator)
	b.people, b.audit = activityv1.NewAuditServiceClient(gateway), activityv1.NewAuditServiceClient(operator)
	return b
}

// run follows the feeds until the test ends.
func (b *bench) run(t *testing.T, service *activity.Service) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- service.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func serve(t *testing.T, network *inproc.Network, name string, register func(grpc.ServiceRegistrar)) {
	t.Helper()
	inproctest.Serve(t, network, rpcserver.Options{Name: name}, register)
}

func dial(t *testing.T, network *inproc.Network, caller, service string) *grpc.ClientConn {
	t.Helper()
	return inproctest.Dial(t, network, caller, service)
}

func wantReason(t *testing.T, what string, err error, want errorv1.Reason) {
	t.Helper()
	if err == nil || oerr.Reason(err) != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

// events awaits at least that many events of a filter, and returns them. Only a hang reaches its deadline.
func (b *bench) events(t *testing.T, atLeast int, req *activityv1.ListEventsRequest) []*eventv1.Event {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		res, err := b.audit.ListEvents(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if len(res.GetEvents()) >= atLeast {
			return res.GetEvents()
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d events, want %d", len(res.GetEvents()), atLeast)
		}
	}
}
