package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/emailaddress"
	"github.com/vidocu/usher/internal/platform/racetest"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/services/authz/internal/client"
	"github.com/vidocu/usher/services/authz/internal/ownership"
	"github.com/vidocu/usher/services/authz/internal/registry"
	"github.com/vidocu/usher/services/authz/internal/store"
)

// Ownership tests the clients of workspaces.
func Ownership(t *testing.T) {
	t.Run("a client of a workspace comes back as it was registered", ownedComesBack)
	t.Run("a workspace has no more clients than it may have, also at once", ownedLimit)
	t.Run("users are counted once each, and no more than may be", peopleLimit)
	t.Run("a status changes only as a review says", statuses)
	t.Run("the last redirect URI stays, and one in use is told", lastURI)
	t.Run("a change that is reviewed unverifies, and waits while a review waits", reviewedChange)
	t.Run("of two secrets one stays, without an end", lastSecret)
	t.Run("a second click creates no second secret", staleSecret)
	t.Run("testers are added, found and removed", testers)
}

// owned returns a client of a workspace.
func owned(id string) client.Registration {
	registration := Example()
	registration.ID, registration.Unverified, registration.Status = id, true, client.Draft
	registration.Owner = client.Owner{WorkspaceID: "ws_acme", CreatedBy: "usr_dev"}
	registration.LogoutURI = "https://app.example/logout"
	return registration
}

func createOwned(t *testing.T, s *store.Store, registration client.Registration) *secret.Record {
	t.Helper()
	first := newSecret()
	first.CreatedBy = registration.Owner.CreatedBy
	if err := s.CreateOwned(t.Context(), ownership.Registration{Client: registration, Secret: first}); err != nil {
		t.Fatal(err)
	}
	return first
}

func ownedComesBack(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		want := owned("vdo_client_owned")
		first := createOwned(t, s, want)
		create(t, s, Native(), nil)
		wantClient(t, s, registry.Client{Registration: want, Secrets: []secret.Info{{LastFour: first.LastFour, CreatedBy: "usr_dev"}}})
		list, people, err := s.ListOwned(t.Context(), "ws_acme", 10)
		if err != nil || len(list) != 1 || list[0].ID != want.ID || people[want.ID] != 0 {
			t.Errorf("listed %v, %v, %v", list, people, err)
		}
		for _, none := range []string{"", "ws_other"} {
			if list, _, err := s.ListOwned(t.Context(), none, 10); err != nil || len(list) != 0 {
				t.Errorf("workspace %q has %v, %v", none, list, err)
			}
		}
		if err := s.CreateOwned(t.Context(), ownership.Registration{Client: want, Secret: newSecret()}); !errors.Is(err, client.ErrExists) {
			t.Errorf("the same once more: %v", err)
		}
	})
}

func ownedLimit(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		var won atomic.Int64
		racetest.Run(racers, func(i int) {
			err := s.CreateOwned(t.Context(), ownership.Registration{Client: owned(fmt.Sprintf("vdo_client_%d", i)), Secret: newSecret(), Limit: 3})
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, ownership.ErrTooMany):
				t.Errorf("CreateOwned: %v", err)
			}
		})
		if list, _, err := s.ListOwned(t.Context(), "ws_acme", 10); err != nil || won.Load() != 3 || len(list) != 3 {
			t.Errorf("%d were registered, %d are there, %v; want 3", won.Load(), len(list), err)
		}
	})
}

func peopleLimit(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		createOwned(t, s, owned("vdo_client_owned"))
		admit := func(user string, limit int) error {
			return s.AdmitOwnedUser(t.Context(), ownership.Approval{ClientID: "vdo_client_owned", UserID: user, RedirectURI: Example().RedirectURIs[0], Limit: limit})
		}
		var won atomic.Int64
		racetest.Run(racers, func(i int) {
			switch err := admit(fmt.Sprint("usr_", i), 2); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, ownership.ErrUsers):
				t.Errorf("AdmitOwnedUser: %v", err)
			}
		})
		if count, err := s.CountOwnedUsers(t.Context(), "vdo_client_owned", 10); err != nil || count != 2 || won.Load() != 2 {
			t.Errorf("%d users, %d admitted, %v; want 2", count, won.Load(), err)
		}
		if err := admit("usr_late", 0); err != nil {
			t.Errorf("without a limit: %v", err)
		}
		if err := admit("usr_late", 2); err != nil {
			t.Errorf("a user who is counted already: %v", err)
		}
		uses, err := s.RedirectURIUses(t.Context(), "vdo_client_owned", time.Hour)
		if err != nil || len(uses) != 1 || uses[Example().RedirectURIs[0]].IsZero() {
			t.Errorf("uses %v, %v", uses, err)
		}
		err = s.AdmitOwnedUser(t.Context(), ownership.Approval{ClientID: "vdo_client_none", UserID: "usr_1"})
		if !errors.Is(err, client.ErrUnknown) {
			t.Errorf("an unknown client: %v", err)
		}
	})
}

func statuses(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		const id = "vdo_client_owned"
		createOwned(t, s, owned(id))
		create(t, s, Native(), nil)
		review := func(r ownership.Review) func() error {
			r.ClientID, r.Note = id, "A word"
			return func() error { return s.Review(t.Context(), r) }
		}
		submit := func() error { return s.Submit(t.Context(), id) }
		approveSeen := func() error { // the submission that the operator read
			seen, err := s.Find(t.Context(), id)
			if err != nil {
				return err
			}
			return review(ownership.Review{Approve: true, Verified: true, SubmittedAt: seen.Owner.SubmittedAt})()
		}
		for i, step := range []struct {
			do        func() error
			status    client.Status
			submitted bool
			verified  bool
			err       error
		}{
			{submit, client.Submitted, true, false, nil},
			{submit, client.Submitted, true, false, nil},
			{func() error { return s.Withdraw(t.Context(), id) }, client.Draft, false, false, nil},
			{review(ownership.Review{}), client.Draft, false, false, client.ErrUnknown},
			{submit, client.Submitted, true, false, nil},
			{review(ownership.Review{}), client.Draft, false, false, nil},
			{submit, client.Submitted, true, false, nil},
			{review(ownership.Review{Approve: true}), client.Live, false, false, nil},
			{submit, client.Live, true, false, nil},
			{review(ownership.Review{}), client.Live, false, false, nil},
			{review(ownership.Review{Approve: true, Verified: true}), client.Live, false, false, client.ErrUnknown},
			{submit, client.Live, true, false, nil},
			{review(ownership.Review{Approve: true, Verified: true, SubmittedAt: time.UnixMicro(1)}), client.Live, true, false, client.ErrUnknown},
			{approveSeen, client.Live, false, true, nil},
			{submit, client.Live, false, true, nil},
			{review(ownership.Review{Suspend: true}), client.Suspended, false, true, nil},
			{review(ownership.Review{Approve: true, SubmittedAt: time.Now()}), client.Suspended, false, true, client.ErrUnknown},
			{submit, client.Suspended, false, true, nil},
			{func() error { return s.SetClientDisabled(t.Context(), id, false) }, client.Suspended, false, true, client.ErrSuspended},
			{review(ownership.Review{Approve: true}), client.Live, false, true, nil},
		} {
			if err := step.do(); !errors.Is(err, step.err) {
				t.Errorf("step %d: %v, want %v", i, err, step.err)
			}
			got, err := s.Find(t.Context(), id)
			if err != nil || got.Status != step.status || got.Owner.SubmittedAt.IsZero() == step.submitted ||
				got.Unverified == step.verified || got.Disabled != (step.status == client.Suspended) {
				t.Errorf("step %d: %q, %+v, unverified %v, disabled %v, %v", i, got.Status, got.Owner, got.Unverified, got.Disabled, err)
			}
			list, err := s.ListSubmitted(t.Context(), time.UnixMicro(0), "", 10)
			if err != nil || (len(list) == 1) != step.submitted {
				t.Errorf("step %d: %d wait for a review, %v", i, len(list), err)
			}
		}
		if err := s.Review(t.Context(), ownership.Review{ClientID: Native().ID, Approve: true}); !errors.Is(err, client.ErrUnknown) {
			t.Errorf("a client of the operator: %v", err)
		}
	})
}

func lastURI(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		const id, added = "vdo_client_owned", "https://yourapp.com/added"
		registration := owned(id)
		registration.RedirectURIs = registration.RedirectURIs[:1]
		first := registration.RedirectURIs[0]
		createOwned(t, s, registration)
		remove := func(uri string, unused time.Duration) error { return s.RemoveRedirectURI(t.Context(), id, uri, unused) }
		add := func(id, uri string) error {
			return s.AddRedirectURI(t.Context(), ownership.RedirectURI{ClientID: id, URI: uri, Limit: 2})
		}
		if err := remove(first, 0); !errors.Is(err, ownership.ErrLast) {
			t.Errorf("the last one: %v", err)
		}
		for range 2 {
			if err := add(id, added); err != nil {
				t.Errorf("adding: %v", err)
			}
		}
		if err := add(id, added+"2"); !errors.Is(err, ownership.ErrTooMany) {
			t.Errorf("one too many: %v", err)
		}
		if err := s.AdmitOwnedUser(t.Context(), ownership.Approval{ClientID: id, UserID: "usr_1", RedirectURI: first}); err != nil {
			t.Fatal(err)
		}
		if err := remove(first, time.Hour); !errors.Is(err, ownership.ErrUsed) {
			t.Errorf("one in use: %v", err)
		}
		for range 2 {
			if err := remove(first, 0); err != nil {
				t.Errorf("confirmed: %v", err)
			}
		}
		if found, err := s.Find(t.Context(), id); err != nil || len(found.RedirectURIs) != 1 || found.RedirectURIs[0] != added {
			t.Errorf("left are %v, %v", found.RedirectURIs, err)
		}
		if err := add("vdo_client_none", added); !errors.Is(err, client.ErrUnknown) {
			t.Errorf("an unknown client: %v", err)
		}
	})
}

// reviewedChange submits after the caller has looked: the transaction of the change decides.
func reviewedChange(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		const id, added = "vdo_client_owned", "https://another.example/cb"
		registration := owned(id)
		registration.Unverified = false
		createOwned(t, s, registration)
		unverified := true
		for name, change := range map[string]func() error{
			"AddRedirectURI": func() error {
				return s.AddRedirectURI(t.Context(), ownership.RedirectURI{ClientID: id, URI: added, Limit: 9, Reviewed: true})
			},
			"UpdateClient": func() error {
				return s.UpdateClient(t.Context(), registry.Change{ClientID: id, RedirectURIs: []string{added}, Unverified: &unverified, Reviewed: true})
			},
		} {
			if err := s.Submit(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			before, err := s.Find(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if err := change(); !errors.Is(err, ownership.ErrSubmitted) {
				t.Errorf("%s during a review: %v", name, err)
			}
			if found, err := s.Find(t.Context(), id); err != nil || found.Unverified != before.Unverified || len(found.RedirectURIs) != len(before.RedirectURIs) {
				t.Errorf("%s during a review left %+v, %v", name, found, err)
			}
			if err := s.Withdraw(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			if err := change(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if found, err := s.Find(t.Context(), id); err != nil || !found.Unverified {
				t.Errorf("%s left a verified client, %v", name, err)
			}
		}
	})
}

func secretIDs(t *testing.T, s *store.Store, id string) []string {
	t.Helper()
	found, err := s.FindClient(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, one := range found.Secrets {
		ids = append(ids, one.ID)
	}
	return ids
}

func lastSecret(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		const id = "vdo_client_owned"
		first, second := createOwned(t, s, owned(id)), newSecret()
		old := secretIDs(t, s, id)[0]
		if err := s.RemoveSecret(t.Context(), id, old); !errors.Is(err, ownership.ErrLast) {
			t.Errorf("the last one: %v", err)
		}
		add := func(newest string, record *secret.Record) error {
			return s.AddSecret(t.Context(), ownership.SecretRequest{ClientID: id, Overlap: time.Hour, Newest: newest}, *record)
		}
		if err := add(old, second); err != nil {
			t.Fatal(err)
		}
		wantValid(t, s, id, first, second)
		newest := secretIDs(t, s, id)[0]
		if err := add(newest, newSecret()); !errors.Is(err, ownership.ErrTooMany) {
			t.Errorf("a third one: %v", err)
		}
		for range 2 {
			if err := s.RemoveSecret(t.Context(), id, newest); err != nil {
				t.Errorf("removing: %v", err)
			}
		}
		wantValid(t, s, id, first)
		if found, err := s.FindClient(t.Context(), id); err != nil || len(found.Secrets) != 1 || !found.Secrets[0].ExpiresAt.IsZero() {
			t.Errorf("left is %+v, %v; want one without an end", found.Secrets, err)
		}
	})
}

func staleSecret(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		const id = "vdo_client_owned"
		createOwned(t, s, owned(id))
		shown := secretIDs(t, s, id)[0]
		var won atomic.Int64
		racetest.Run(racers, func(int) {
			err := s.AddSecret(t.Context(), ownership.SecretRequest{ClientID: id, Newest: shown}, *newSecret())
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, ownership.ErrStale):
				t.Errorf("AddSecret: %v", err)
			}
		})
		if won.Load() != 1 {
			t.Errorf("%d secrets were created, want 1", won.Load())
		}
	})
}

func testers(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		const id = "vdo_client_owned"
		createOwned(t, s, owned(id))
		for range 2 {
			for _, email := range []emailaddress.Address{"b@example.com", "a@example.com"} {
				if err := s.AddTester(t.Context(), id, email, 2); err != nil {
					t.Errorf("adding: %v", err)
				}
			}
		}
		if err := s.AddTester(t.Context(), id, "c@example.com", 2); !errors.Is(err, ownership.ErrTooMany) {
			t.Errorf("one too many: %v", err)
		}
		list, err := s.Testers(t.Context(), id)
		if err != nil || len(list) != 2 || list[0].Address != "a@example.com" || list[0].AddedAt.IsZero() {
			t.Errorf("testers %v, %v", list, err)
		}
		if err := s.RemoveTester(t.Context(), id, "a@example.com"); err != nil {
			t.Error(err)
		}
		for email, want := range map[emailaddress.Address]bool{"a@example.com": false, "b@example.com": true} {
			if is, err := s.IsTester(t.Context(), id, email); err != nil || is != want {
				t.Errorf("%s is a tester: %v, %v", email, is, err)
			}
		}
	})
}
