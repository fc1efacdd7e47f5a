package gateway_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
)

// TestWhatIsNewInAnotherWorkspaceIsNotFolded: a permission that the client has elsewhere is new where
// it is not connected, and that workspace can be chosen.
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

// TestWithoutAllowNothingIsSaidOfIt: a user without a workspace to choose reads the permissions and the
// destination of a denial.
func TestWithoutAllowNothingIsSaidOfIt(t *testing.T) {
	no := func(p *consentv1.GetPromptResponse) { p.Workspaces = nil }
	closed := func(p *consentv1.GetPromptResponse) {
		for _, ws := range p.GetWorkspaces() {
			ws.Access = consentv1.WorkspaceAccess_WORKSPACE_ACCESS_CLOSED
		}
	}
	to := func(origin string, verified bool) func(*consentv1.GetPromptResponse) {
		return func(p *consentv1.GetPromptResponse) { p.RedirectOrigin, p.Identity.Verified = origin, verified }
	}
	for text, change := range map[string][]func(*consentv1.GetPromptResponse){
		"Deny takes you to <strong><bdi>app.test</bdi></strong>.":                                    {no, to("https://app.test", true)},
		"Deny takes you to a program on this computer (<strong><bdi>127.0.0.1:8000</bdi></strong>).": {closed, to("http://127.0.0.1:8000", true)},
		"Deny takes you to an app on this device (<strong><bdi>com.example.app:</bdi></strong>).":    {no, to("com.example.app:", true)},
		"If you deny, you stay here.": {closed, to("https://app.test", false)},
	} {
		body := consentPage(t, signedIn(t), append(change, func(p *consentv1.GetPromptResponse) { p.FamilyLifetimeSeconds = 3600 })...)
		wantIn(t, text, body, text, "<h2>What it asks for</h2>")
		wantNotIn(t, text, body, `value="approve"`, "Allow takes you", "Either answer", "it will be able to", "Access lasts")
	}
}

// TestAClosedWorkspaceIsLastAndLeadsToItsForm: those that can be chosen come first.
func TestAClosedWorkspaceIsLastAndLeadsToItsForm(t *testing.T) {
	body := consentPage(t, signedIn(t), func(p *consentv1.GetPromptResponse) {
		p.Workspaces = append([]*consentv1.PromptWorkspace{
			{WorkspaceId: "ws_a", Name: "A", Access: consentv1.WorkspaceAccess_WORKSPACE_ACCESS_CLOSED},
			{WorkspaceId: "ws_b", Name: "B", Access: consentv1.WorkspaceAccess_WORKSPACE_ACCESS_NEEDS_APPROVAL},
		}, p.GetWorkspaces()...)
	})
	at := 0
	for _, text := range []string{
		`value="ws_acme" required>`, `value="ws_doe" required>`, `value="ws_a" required disabled>`, `href="#ask">What you can do`,
		`value="ws_b" required disabled>`, `href="#ask-1">What you can do`, `id="ask" tabindex="-1"`, `id="ask-1" tabindex="-1"`, `value="ask ws_b"`,
	} {
		i := strings.Index(body[at:], text)
		if i < 0 {
			t.Fatalf("the page has %q not, or not in its place:\n%s", text, body)
		}
		at += i
	}
}

// TestAMemberReadsWhatBecameOfTheirRequest: an approval that has no effect now is shown too.
func TestAMemberReadsWhatBecameOfTheirRequest(t *testing.T) {
	const (
		waits  = consentv1.WorkspaceAccess_WORKSPACE_ACCESS_NEEDS_APPROVAL
		nobody = consentv1.WorkspaceAccess_WORKSPACE_ACCESS_CLOSED
	)
	for text, ws := range map[string]*consentv1.PromptWorkspace{
		"nobody has answered yet.": {Access: waits},
		"and they refused.":        {Access: waits, ApprovalRefused: true},
		"they approved it, but they let no app be connected now.": {Access: nobody, ApprovalGranted: true},
		"they approved it, but took the approval back.":           {Access: waits, ApprovalGranted: true},
	} {
		body := consentPage(t, signedIn(t), func(p *consentv1.GetPromptResponse) {
			ws.WorkspaceId, ws.Name, ws.ApprovalRequestTime, ws.ApprovalAnswer = "ws_a", "A", timestamppb.Now(), "a <word>"
			p.Workspaces = append(p.Workspaces, ws)
		})
		wantIn(t, text, body, "You asked for this app, and "+strings.TrimPrefix(text, "and "), "a &lt;word&gt;")
	}
}

// TestNobodyAsksWhereNoAppMayBeConnected: an approval would have no effect there, and the page says so.
func TestNobodyAsksWhereNoAppMayBeConnected(t *testing.T) {
	for access, asks := range map[consentv1.WorkspaceAccess]bool{
		consentv1.WorkspaceAccess_WORKSPACE_ACCESS_CLOSED: false, consentv1.WorkspaceAccess_WORKSPACE_ACCESS_NEEDS_APPROVAL: true,
	} {
		body := consentPage(t, signedIn(t), func(p *consentv1.GetPromptResponse) { p.Workspaces[1].Access = access })
		if form, said := strings.Contains(body, `value="ask ws_doe"`), strings.Contains(body, "Asking has no effect"); form != asks || said == asks {
			t.Errorf("%v: a form to ask %v, says that it has no effect %v", access, form, said)
		}
	}
}

// TestAUserWithoutAWorkspaceReadsWhoCanAddThem, which no administrator of a workspace can.
func TestAUserWithoutAWorkspaceReadsWhoCanAddThem(t *testing.T) {
	body := consentPage(t, signedIn(t), func(p *consentv1.GetPromptResponse) { p.Workspaces = nil })
	wantIn(t, "the consent page", body, "You are not a member of any workspace", "The people who run this service can add you to one.")
}
