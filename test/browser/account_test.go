package browser

import (
	"fmt"
	"testing"
)

// TestAccount_APasswordIsChangedByTwoClicks, and the browser is signed in with the new one,
// whichever response it followed. The other Usher has an Esther of its own.
func TestAccount_APasswordIsChangedByTwoClicks(t *testing.T) {
	old := "examplepassword"
	for i, row := range []struct{ latency, gap int }{
		{0, 0},
		{100, 50},
		{200, 120},
		{300, 450}, // the second click comes after the first response, and before the page that it leads to
	} {
		next := fmt.Sprintf("a new password, number %d", i)
		play(t, "password", map[string]any{"usher": shared.hasty.PublicURL, "latency": row.latency, "gap": row.gap, "old": old, "to": next}, nil)
		old = next
	}
}

// TestAccount_TheMenuLeadsEverywhere, with the keyboard and without JavaScript.
func TestAccount_TheMenuLeadsEverywhere(t *testing.T) { play(t, "account", nil, nil) }

// TestDevelopers_AStrangerFindsTheCauseOfARefusal: from the registration of an app to a token in the
// playground, without JavaScript.
func TestDevelopers_AStrangerFindsTheCauseOfARefusal(t *testing.T) { play(t, "developers", nil, nil) }
