package authz_test

import (
	"context"
	"testing"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
)

// TestTheLastUseOfASecretIsShown, of each secret by itself: written in the background, and when the process
// ends. A refused secret is no use, and the uses of secrets are not among those of keys.
func TestTheLastUseOfASecretIsShown(t *testing.T) {
	b := newBench(t)
	id, first := b.register(t, registration())
	rotated, err := b.operator(t).RotateClientSecret(t.Context(), &authzv1.RotateClientSecretRequest{ClientId: id, OverlapSeconds: 3600})
	if err != nil {
		t.Fatal(err)
	}
	used := func() map[string]bool {
		t.Helper()
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := b.service.Run(ctx); err != nil {
			t.Fatal(err)
		}
		found, err := b.operator(t).FindClient(t.Context(), &authzv1.FindClientRequest{ClientId: id})
		if err != nil || len(found.GetRegistration().GetSecrets()) != 2 || len(found.GetRegistration().GetKeys()) != 0 {
			t.Fatalf("%v, %v", found, err)
		}
		uses := map[string]bool{}
		for _, s := range found.GetRegistration().GetSecrets() {
			uses[s.GetLastFour()] = s.GetLastUseTime() != nil
			if s.GetLastUseTime() != nil && s.GetLastUseTime().AsTime().Before(s.GetCreateTime().AsTime()) {
				t.Errorf("a use before the secret was created: %v", s.GetLastUseTime())
			}
		}
		return uses
	}
	last := func(secret string) string { return secret[len(secret)-4:] }
	b.proves(t, id, "vdo_secret_wrong")
	if uses := used(); uses[last(first)] || uses[last(rotated.GetClientSecret())] {
		t.Errorf("before a use: %v", uses)
	}
	b.proves(t, id, rotated.GetClientSecret())
	if uses := used(); uses[last(first)] || !uses[last(rotated.GetClientSecret())] {
		t.Errorf("after a use of the newest one: %v", uses)
	}
	b.proves(t, id, first)
	if uses := used(); !uses[last(first)] || !uses[last(rotated.GetClientSecret())] {
		t.Errorf("after a use of both: %v", uses)
	}
}
