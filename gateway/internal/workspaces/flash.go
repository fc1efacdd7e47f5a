package workspaces

import (
	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
)

// The kinds of flashes of these pages.
const (
	flashRefused   browser.FlashKind = "ws-refused"
	flashGone      browser.FlashKind = "ws-gone"
	flashCreated   browser.FlashKind = "ws-created"
	flashRotated   browser.FlashKind = "ws-rotated"
	flashRevoked   browser.FlashKind = "ws-revoked"
	flashEnded     browser.FlashKind = "ws-ended"
	flashPolicy    browser.FlashKind = "ws-policy"
	flashApproved  browser.FlashKind = "ws-approved"
	flashWithdrawn browser.FlashKind = "ws-withdrawn"
	flashDeclined  browser.FlashKind = "ws-declined"
)

// done returns the notice of a flash; nil for none.
func done(f browser.Flash) *page.Message {
	if text := doneTo(f.Kind); text != "" && f.Name != "" {
		return &page.Message{Kind: "ok", Text: text, Names: []string{f.Name}}
	}
	return page.Done(map[browser.FlashKind]string{
		flashCreated: "The API key is created.", flashRotated: "The API key is replaced. The old one ends as you chose.",
		flashRevoked: "The API key is revoked. It is refused everywhere.", flashEnded: "The app has no access to this workspace any more.",
		flashPolicy: "The policy is saved. It holds for every app that is connected from now on.", flashApproved: "The app is approved.",
		flashWithdrawn: "The approval is withdrawn. Members who connected the app stay connected.", flashDeclined: "The request is refused.",
	}[f.Kind])
}

// doneTo returns the notice of a change of something that has a name; empty for another one.
func doneTo(kind browser.FlashKind) string {
	return map[browser.FlashKind]string{
		flashCreated: "The API key %s is created.", flashRotated: "The API key %s is replaced. The old one ends as you chose.",
		flashRevoked: "The API key %s is revoked. It is refused everywhere.", flashEnded: "%s has no access to this workspace any more.",
		flashApproved: "%s is approved.", flashWithdrawn: "The approval of %s is withdrawn. Members who connected it stay connected.",
		flashDeclined: "The request for %s is refused.",
	}[kind]
}

// fault returns the error message of a flash.
func (s Workspaces) fault(f browser.Flash) page.Fault {
	switch f.Kind { //nolint:exhaustive // the others are those of every page
	case flashRefused:
		fault := refusal(f.Field)
		fault.Lost = f.Lost
		return fault
	case flashGone:
		return page.Fault{Text: "That was changed meanwhile. This is how it stands now."}
	}
	return s.Flow.Fault(f)
}

// refusal returns what is wrong with a field of a request, with the id of its input element where the
// page has one.
func refusal(field string) page.Fault {
	fault, known := map[string]page.Fault{
		"name":              {Text: "A name has 1 to 100 characters that can be seen.", Field: "name"},
		"scopes":            {Text: "One of these permissions does not exist any more.", Field: "limits"},
		"allowed_addresses": {Text: "Write addresses or networks such as 203.0.113.9 or 203.0.113.0/24, one a line and at most 20.", Field: "addresses"},
		"lifetime_seconds":  {Text: "Choose when the key ends.", Field: "lifetime"},
		"overlap_seconds":   {Text: "Choose when the key ends."},
		"confirm_name":      {Text: "That is not the name of the app. Nothing was ended."},
		"answer":            {Text: "A word to the members has at most 500 characters."},
		"policy":            {Text: "Choose who may connect apps.", Field: "policy"},
		"workspace_id":      {Text: "There are too many already. Remove one first."},
	}[field]
	if !known {
		fault.Text = "The change was refused."
	}
	return fault
}
