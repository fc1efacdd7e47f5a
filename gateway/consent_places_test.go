package gateway_test

import (
	"testing"

	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
)

// TestWhatIsNewInAnotherWorkspaceIsNotFolded: a permission that the app has elsewhere is new where it is not
// connected, and that workspace can be chosen.
func TestWhatIsNewInAnotherWorkspaceIsNotFolded(t *testing.T) {
	const heading, open, folded = "<h2>In this workspace it will be able to</h2>", `<details class="more" open><summary>`, `<details class="more"><summary>2 permissions`
	all := []string{"videos:read", "export:write"}
	for name, row := range map[string]struct {
		granted []*consentv1.GrantedWorkspace
		closed  bool
		folded  bool
	}{
		"connected in one":                       {[]*consentv1.GrantedWorkspace{granted("ws_acme", all...)}, false, false},
		"connected in both":                      {[]*consentv1.GrantedWorkspace{granted("ws_acme", all...), granted("ws_doe", all...)}, false, true},
		"the other one lets it not be connected": {[]*consentv1.GrantedWorkspace{granted("ws_acme", all...)}, true, true},
	} {
		body := consentPage(t, signedIn(t), func(p *consentv1.GetPromptResponse) {
			p.Granted, p.OneClick = row.granted, false
			if row.closed {
				p.Workspaces[1].Access = consentv1.WorkspaceAccess_WORKSPACE_ACCESS_CLOSED
			}
		})
		if row.folded {
			wantIn(t, name, body, folded)
			wantNotIn(t, name, body, heading, open)
		} else {
			wantIn(t, name, body, heading, open)
			wantNotIn(t, name, body, folded)
		}
	}
	body := consentPage(t, signedIn(t), func(p *consentv1.GetPromptResponse) {
		p.Granted, p.OneClick = []*consentv1.GrantedWorkspace{granted("ws_acme", "videos:read")}, false
	})
	wantIn(t, "with a new permission", body, "<h2>New</h2>", open)
	wantNotIn(t, "with a new permission", body, heading)
}
