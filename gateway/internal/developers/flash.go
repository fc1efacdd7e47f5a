package developers

import (
	"cmp"
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
	return page.Done(map[browser.FlashKind]string{
		flashCreated: "The app is registered.", flashSaved: "The change is saved.", flashSecret: "The secret is created.",
		flashGone: "It is removed.", flashAdded: "It is added.", flashSubmitted: "The app is submitted.", flashWithdrawn: "The submission is withdrawn.",
		flashUnchanged: "There was nothing to change.", flashTested: "The keys were read.",
	}[f.Kind])
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
	case "jwk", "jwks", "jwks_uri", "kid", "image", "redirect_uris":
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
	case "overlap_seconds":
		return "overlap"
	}
	return ""
}

// refusal returns what is wrong with a field.
func refusal(field string) string {
	const (
		notHTTPS  = "That is not an https address."
		badKey    = "This key cannot be used."
		badScopes = "Choose at least one permission. Optional and default ones must be among those that the app may ask for."
	)
	return cmp.Or(map[string]string{ //nolint:gosec // sentences about credentials
		"name":             "The name has 1 to 100 characters that can be seen, and does not look like the name of this service.",
		"publisher":        "The publisher has at most 100 characters that can be seen, and does not look like the name of this service.",
		"purpose":          "The purpose has at most 140 characters that can be seen.",
		"client_uri":       notHTTPS,
		"policy_uri":       notHTTPS,
		"tos_uri":          notHTTPS,
		"image":            "This logo cannot be used.",
		"redirect_uris":    "This redirect address cannot be registered.",
		"scopes":           badScopes,
		"default_scopes":   badScopes,
		"optional_scopes":  badScopes,
		"secrets":          "That secret cannot be removed or created: one must stay, and two are the most.",
		"newest_secret_id": "A secret was created or removed since this page was opened. Look at the secrets once more.",
		"overlap_seconds":  "Choose when the present secret ends.",
		"jwk":              badKey,
		"jwks":             badKey,
		"kid":              badKey,
		"jwks_uri":         "The keys at this address cannot be used.",
		"email_address":    "That is not an e-mail address.",
		"confirm":          "People used this address in the last 7 days. Confirm that it is to be removed.",
		"workspace_id":     "Choose a workspace in which you may register apps.",
		"apps":             "The workspace has as many apps as it may have.",
		"kind":             "Choose where the app runs.",
	}[field], "The change was refused.")
}
