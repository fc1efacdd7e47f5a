package developers

import (
	"net/http"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
)

// The kinds of flashes of the console.
const (
	flashRefused    browser.FlashKind = "dev-refused"
	flashCreated    browser.FlashKind = "dev-created"
	flashSaved      browser.FlashKind = "dev-saved"
	flashSecret     browser.FlashKind = "dev-secret"
	flashGone       browser.FlashKind = "dev-gone"
	flashAdded      browser.FlashKind = "dev-added"
	flashTested     browser.FlashKind = "dev-tested"
	flashSubmitted  browser.FlashKind = "dev-submitted"
	flashWithdrawn  browser.FlashKind = "dev-withdrawn"
	flashUnchanged  browser.FlashKind = "dev-unchanged"
	flashManifest   browser.FlashKind = "dev-manifest"
	flashPlayground browser.FlashKind = "dev-playground"
)

// done returns the notice of a flash; nil for none.
func done(f browser.Flash) *page.Message {
	if text := map[browser.FlashKind]string{flashGone: "%s is removed.", flashAdded: "%s is added."}[f.Kind]; text != "" && f.Name != "" {
		return &page.Message{Kind: "ok", Text: text, Names: []string{f.Name}}
	}
	text := map[browser.FlashKind]string{
		flashCreated: "The app is registered.", flashSaved: "The change is saved.", flashSecret: "The secret is created.",
		flashGone: "It is removed.", flashAdded: "It is added.", flashSubmitted: "The app is submitted.", flashWithdrawn: "The submission is withdrawn.",
		flashUnchanged: "There was nothing to change.", flashTested: "The keys were read.",
	}[f.Kind]
	if text == "" {
		return nil
	}
	return &page.Message{Kind: "ok", Text: text}
}

// refused returns the flash of a form whose input a service refused.
func refused(r *http.Request, err error) browser.Flash {
	return browser.RefusedForm(flashRefused, r, err)
}

// fault returns the error message of a flash.
func (c Console) fault(f browser.Flash) page.Fault {
	switch f.Kind { //nolint:exhaustive // the others are those of every page
	case flashRefused:
		return page.Fault{Text: refusal(f.Field), Field: element(f.Field), Detail: detail(f), Lost: f.Lost}
	case flashManifest:
		return page.Fault{Text: "The manifest cannot be used.", Field: "manifest", Detail: f.Detail, Lost: f.Lost}
	case flashPlayground:
		return page.Fault{Text: "This run is over, or it was started in another browser. Start again."}
	}
	return c.Flow.Fault(f)
}

// detail returns what a service said about the input, where it says more than the sentence of the page.
func detail(f browser.Flash) string {
	switch f.Field {
	case "jwk", "jwks", "jwks_uri", "image", "redirect_uris":
		return f.Detail
	}
	if refusal(f.Field) == refusal("") { // no sentence of its own
		return f.Detail
	}
	return ""
}

// element returns the id of the input element of a field; empty where the page has none.
func element(field string) string {
	switch field {
	case "redirect_uris", "name", "publisher", "purpose", "client_uri", "policy_uri", "tos_uri", "jwks_uri", "email_address", "kind", "workspace_id", "scopes", "image":
		return field
	case "jwk", "jwks", "kid":
		return "jwk"
	}
	return ""
}

// refusal returns what is wrong with a field.
func refusal(field string) string {
	switch field {
	case "name":
		return "The name has 1 to 100 characters that can be seen, and does not look like the name of this service."
	case "publisher":
		return "The publisher has at most 100 characters that can be seen, and does not look like the name of this service."
	case "purpose":
		return "The purpose has at most 140 characters that can be seen."
	case "client_uri", "policy_uri", "tos_uri":
		return "That is not an https address."
	case "image":
		return "This logo cannot be used."
	case "redirect_uris":
		return "This redirect address cannot be registered."
	case "scopes", "default_scopes", "optional_scopes":
		return "Choose at least one permission. Optional and default ones must be among those that the app may ask for."
	case "secrets":
		return "That secret cannot be removed or created: one must stay, and two are the most."
	case "newest_secret_id":
		return "A secret was created or removed since this page was opened. Look at the secrets once more."
	case "jwk", "jwks", "kid":
		return "This key cannot be used."
	case "jwks_uri":
		return "The keys at this address cannot be used."
	case "email_address":
		return "That is not an e-mail address."
	case "confirm":
		return "People used this address in the last 7 days. Confirm that it is to be removed."
	case "status":
		return "The app waits for its review, or is suspended. Withdraw it before you change what is reviewed."
	case "workspace_id":
		return "Choose a workspace in which you may register apps."
	case "apps":
		return "The workspace has as many apps as it may have."
	case "kind":
		return "Choose where the app runs."
	}
	return "The change was refused."
}
