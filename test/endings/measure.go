package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/test/harness"
)

// revocation is one kind of revocation.
type revocation struct {
	name string
	// tokenOf returns the token that must be inactive afterwards.
	tokenOf func(v credentials) string
	// client is the client whose grant the measured credentials belong to.
	client string
	revoke func(ctx context.Context, v credentials) error
	// undo restores the user's access for the next round; nil where the user has not lost it.
	undo func(ctx context.Context) error
}

func (w *world) revocations() []revocation {
	access := func(v credentials) string { return v.access }
	return []revocation{
		{"reuse of a refresh token", access, harness.ConfidentialID, func(_ context.Context, v credentials) error { return w.replay(v, 0) }, nil},
		{"disconnecting", access, harness.ConfidentialID, func(ctx context.Context, _ credentials) error {
			_, err := w.grants.EndConnection(ctx, &tokenv1.EndConnectionRequest{UserId: w.user, ClientId: harness.ConfidentialID})
			return err
		}, nil},
		{"removing a member", access, harness.ConfidentialID, func(ctx context.Context, _ credentials) error {
			_, err := w.revoker.RemoveMember(ctx, &tokenv1.RemoveMemberRequest{UserId: w.user, WorkspaceId: "ws_acme"})
			return err
		}, w.join},
		{"disabling a user", access, harness.ConfidentialID, func(ctx context.Context, _ credentials) error {
			_, err := w.revoker.DisableUser(ctx, &tokenv1.DisableUserRequest{UserId: w.user})
			return err
		}, func(ctx context.Context) error {
			_, err := w.users.EnableUser(ctx, &identityv1.EnableUserRequest{UserId: w.user})
			return err
		}},
		{"ending all of a client", access, crowded, func(ctx context.Context, _ credentials) error {
			_, err := w.revoker.RevokeClientGrants(ctx, &tokenv1.RevokeClientGrantsRequest{ClientId: crowded})
			return err
		}, nil},
		{"revoking an authentication app", func(v credentials) string { return v.user }, harness.ConfidentialID, func(ctx context.Context, _ credentials) error {
			_, err := w.revoker.RevokeAuthenticationApp(ctx, &tokenv1.RevokeAuthenticationAppRequest{AuthenticationAppId: w.app})
			return err
		}, nil},
	}
}

// replay presents a rotated refresh token at a gateway, which must refuse it.
func (w *world) replay(v credentials, gateway int) error {
	a, err := w.refresh(v.spent, gateway)
	if err == nil && a.Status != http.StatusUnauthorized {
		err = fmt.Errorf("a rotated refresh token returned %d", a.Status)
	}
	return err
}

func (w *world) refresh(token string, gateway int) (harness.Response, error) {
	body, err := json.Marshal(map[string]string{
		"grant_type": "refresh_token", "refresh_token": token, "client_id": harness.ConfidentialID, "client_secret": harness.ConfidentialPW,
	})
	if err != nil {
		return harness.Response{}, err
	}
	req, err := http.NewRequest(http.MethodPost, w.d.PublicURLs[gateway%len(w.d.PublicURLs)]+"/oauth/token", bytes.NewReader(body))
	if err != nil {
		return harness.Response{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	return harness.Send(req)
}

// measure prints the two tables.
func (w *world) measure(ctx context.Context) error {
	fmt.Printf("| ending, with %d below it | median | longest | failed | live after it |\n| --- | --- | --- | --- | --- |\n", w.options.grants)
	for _, e := range w.revocations() {
		if err := w.measureRevocation(ctx, e); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	return w.measureOthers(ctx)
}

func (w *world) measureRevocation(ctx context.Context, e revocation) error {
	var took []time.Duration
	failed, active := 0, 0
	for range w.rounds {
		if err := w.revive(ctx); err != nil {
			return err
		}
		v, err := w.credentials(ctx, w.user, e.client)
		if err != nil {
			return err
		}
		if n, err := w.activeReplicas(ctx, e.tokenOf(v)); err != nil || n != len(w.replicas) {
			return fmt.Errorf("a fresh token is active at %d replicas (%w)", n, err)
		}
		started := time.Now()
		err = e.revoke(ctx, v)
		took = append(took, time.Since(started))
		if err != nil {
			failed++
		}
		n, err := w.activeReplicas(ctx, e.tokenOf(v))
		if err != nil {
			return err
		}
		active += n
		if e.undo != nil {
			if err := e.undo(ctx); err != nil {
				return err
			}
		}
	}
	slices.Sort(took)
	fmt.Printf("| %s | %s | %s | %d of %d | %d |\n", e.name, ms(took[len(took)/2]), ms(took[len(took)-1]), failed, w.rounds, active)
	return nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// others is the number of callers that refresh, and of those that introspect.
const others = 4

// measureOthers compares the latency of other callers without replays and during them.
func (w *world) measureOthers(ctx context.Context) error {
	if err := w.revive(ctx); err != nil {
		return err
	}
	v, err := w.credentials(ctx, w.user, harness.ConfidentialID)
	if err != nil {
		return err
	}
	fmt.Printf("\n| others | refresh p50 | p99 | introspection p50 | p99 | failed | replays |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, callers := range []int{0, w.callers} {
		if err := w.others(ctx, v, callers); err != nil {
			return err
		}
	}
	return nil
}

// tally holds the latencies of some callers and their failures.
type tally struct {
	mu     sync.Mutex
	took   []time.Duration
	failed int
}

func (t *tally) add(took time.Duration, failed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.took = append(t.took, took); failed {
		t.failed++
	}
}

func (t *tally) at(per100 int) string {
	slices.Sort(t.took)
	if len(t.took) == 0 {
		return "-"
	}
	return ms(t.took[len(t.took)*per100/100])
}

func (w *world) others(ctx context.Context, spent credentials, callers int) error {
	var refreshes, introspections, replays tally
	ctx, cancel := context.WithTimeout(ctx, w.quiet)
	defer cancel()
	var working sync.WaitGroup
	for n := range others {
		v, err := w.credentials(context.WithoutCancel(ctx), fmt.Sprintf("usr_other_%d_%d", callers, n), harness.ConfidentialID)
		if err != nil {
			return err
		}
		working.Go(func() {
			for token := v.refresh; ctx.Err() == nil; {
				started := time.Now()
				a, err := w.refresh(token, n)
				refreshes.add(time.Since(started), err != nil || a.Status != http.StatusOK)
				if token = a.Text("refresh_token"); token == "" {
					return
				}
			}
		})
		working.Go(func() {
			for ctx.Err() == nil {
				started := time.Now()
				res, err := w.replicas[n%len(w.replicas)].IntrospectToken(context.WithoutCancel(ctx), &tokenv1.IntrospectTokenRequest{Token: v.access})
				introspections.add(time.Since(started), err != nil || !res.GetActive())
			}
		})
	}
	for n := range callers {
		working.Go(func() {
			for ctx.Err() == nil {
				started := time.Now()
				replays.add(time.Since(started), w.replay(spent, n) != nil)
			}
		})
	}
	working.Wait()
	fmt.Printf("| beside %d callers who replay | %s | %s | %s | %s | %d of %d | %d, %d failed |\n", callers, refreshes.at(50), refreshes.at(99),
		introspections.at(50), introspections.at(99), refreshes.failed+introspections.failed, len(refreshes.took)+len(introspections.took),
		len(replays.took), replays.failed)
	return nil
}
