package workspaces

import (
	"cmp"
	"strings"

	"github.com/vidocu/usher/gateway/internal/page"
	eventv1 "github.com/vidocu/usher/gen/usher/event/v1"
)

// Sentences returns the message for every kind of event (docs/activity.md). The place in it is for the
// client of an event about a client, and for the user of one about a user.
func Sentences() map[string]string {
	return map[string]string{ //nolint:gosec // sentences about credentials
		"workspace.created": "The workspace was created", "workspace.plan_set": "The plan was changed",
		"workspace.app_policy_set": "The rule for connecting apps was changed", "workspace.app_approved": "%s was approved for this workspace",
		"workspace.app_requested": "A member asked for %s", "workspace.app_refused": "The request for %s was refused", "workspace.app_withdrawn": "The approval of %s was withdrawn",
		"workspace.app_ended": "%s was disconnected for everybody in this workspace",
		"member.added":        "%s became a member", "member.removed": "%s is no longer a member",
		"member.role_changed": "The role of %s was changed",
		"api_key.created":     "An API key was created", "api_key.rotated": "An API key was replaced", "api_key.revoked": "An API key was revoked",
		"authentication_app.created": "An authentication app was created", "authentication_app.revoked": "An authentication app was revoked",
		"authentication_app.secret_rotated": "The secret of an authentication app was replaced",
		"registration_token.created":        "A token that registers apps was created", "registration_token.revoked": "A token that registers apps was revoked",
		"grant.approved": "%s was connected", "grant.disconnected": "%s was disconnected", "grant.revoked": "The access of %s was revoked",
		"grant.workspace_ended": "An administrator disconnected %s", "grant.limit_reached": "The oldest connection of %s ended, because it has too many",
		"grant.refresh_reused": "%s was disconnected because its token was used twice", "grant.token_revoked": "%s gave back a token",
		"grant.code_replayed": "Access that %s had just got was ended, because its code was used twice", "user_token.issued": "A program signed in",
		"user_token.revoked": "A token was revoked",
		"client.created":     "%s was registered", "client.updated": "%s was changed", "client.disabled": "%s was disabled", "client.enabled": "%s was enabled again",
		"client.logo_set": "The logo of %s was changed", "client.workspace_removed": "%s acts no longer for a workspace",
		"client.secret_rotated": "A new secret of %s was created", "client.old_secret_revoked": "The old secret of %s was revoked",
		"client.secret_removed": "A secret of %s was removed", "client.key_added": "A key of %s was added", "client.key_updated": "A key of %s was changed",
		"client.key_removed": "A key of %s was removed", "client.redirect_uri_added": "A redirect address of %s was added",
		"client.redirect_uri_removed": "A redirect address of %s was removed", "client.tester_added": "A tester of %s was added",
		"client.tester_removed": "A tester of %s was removed", "client.submitted": "%s was submitted for review",
		"client.withdrawn": "The submission of %s was withdrawn", "client.approved": "%s was reviewed and approved",
		"client.refused": "%s was reviewed and refused", "client.suspended": "%s was suspended", "client.registered": "%s registered itself",
		"client.registration_changed": "%s changed its registration", "client.registration_deleted": "%s deleted its registration",
		"user.created": "%s got an account", "user.disabled": "The account of %s was disabled", "user.enabled": "The account of %s was enabled again",
		"user.unlocked": "%s may sign in again after failed sign-ins", "user.password_set": "A new password was set for %s",
		"user.password_changed": "%s changed the password", "user.profile_changed": "%s changed the profile", "user.signed_in": "%s signed in", "user.signed_out": "%s signed out",
		"user.session_ended": "%s signed out a device", "user.others_signed_out": "%s signed out every other device",
		"user.sign_in_failed": "A sign-in of %s failed",
	}
}

// keySentence returns the message for an event that has the name of an API key; empty for a kind that
// has none of its own.
func keySentence(kind string) string {
	return map[string]string{
		"api_key.created": "The API key %s was created", "api_key.rotated": "The API key %s was replaced",
		"api_key.revoked": "The API key %s was revoked",
	}[kind]
}

// keyName returns the name of the API key of an event: a field of the key that was created, or a detail of
// its revocation, which does not change it. It is empty for a revocation that an earlier release recorded.
func keyName(e *eventv1.Event) string {
	for _, c := range e.GetChanges() {
		if c.GetField() == "name" && c.GetAfter() != "" {
			return c.GetAfter()
		}
	}
	return e.GetDetails()["name"]
}

// installationSentence returns the message for an event that concerns one installation of a client, and
// has its identifier; empty for a kind that has none of its own.
func installationSentence(kind string) string {
	return map[string]string{
		"grant.disconnected":   "One installation of %s was disconnected",
		"grant.refresh_reused": "One installation of %s was disconnected because its token was used twice",
	}[kind]
}

// names are the names of what events refer to by identifier: untrusted text. sentences are Sentences().
type names struct{ users, clients, sentences map[string]string }

func (n names) user(id string) string { return cmp.Or(n.users[id], id) }

func (n names) client(id string) string { return cmp.Or(n.clients[id], id) }

// sentence returns the message of an event with the names in its places.
func (n names) sentence(e *eventv1.Event) page.Message {
	text, known := n.sentences[e.GetKind()]
	if one := installationSentence(e.GetKind()); one != "" && e.GetObjectId() != "" {
		text = one
	}
	if e.GetKind() == "grant.token_revoked" && e.GetActor().GetKind() == eventv1.ActorKind_ACTOR_KIND_OPERATOR {
		text = "An operator revoked a token of %s"
	}
	if named, name := keySentence(e.GetKind()), keyName(e); named != "" && name != "" {
		return page.Message{Text: named, Names: []string{name}}
	}
	subject := n.client(e.GetClientId())
	if object, _, _ := strings.Cut(e.GetKind(), "."); object == "user" || object == "member" {
		subject = n.user(e.GetUserId())
	}
	if subject == "" { // the event of a member's access by every app
		subject = n.user(e.GetUserId())
	}
	switch {
	case !known: // of a release that is newer than this one
		return page.Message{Text: "Something happened: %s", Names: []string{e.GetKind()}}
	case strings.Contains(text, "%s"):
		return page.Message{Text: text, Names: []string{subject}}
	}
	return page.Message{Text: text}
}

// actor returns who caused an event: an untrusted name, or a message for somebody without a name.
func (n names) actor(a *eventv1.Actor) page.Fact {
	var by page.Fact
	switch a.GetKind() {
	case eventv1.ActorKind_ACTOR_KIND_USER:
		by.Text = n.user(a.GetId())
	case eventv1.ActorKind_ACTOR_KIND_CLIENT:
		by.Text = n.client(a.GetId())
	case eventv1.ActorKind_ACTOR_KIND_OPERATOR:
		by.Phrase = "The operator"
	case eventv1.ActorKind_ACTOR_KIND_SERVICE, eventv1.ActorKind_ACTOR_KIND_UNSPECIFIED:
		by.Phrase = "The service by itself"
	}
	if by.Text == "" && by.Phrase == "" {
		by.Phrase = "The service by itself"
	}
	return by
}
