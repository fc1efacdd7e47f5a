package developers

import (
	"strconv"
	"strings"
	"time"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// usesKept is how long the last use of a secret is known.
const usesKept = 90 * 24 * time.Hour

// credentials shows the secrets and the keys of the client.
func (c Console) credentials(v visit) page.View {
	r, input := v.app.GetRegistration(), v.flash.Input()
	data := page.ConsoleCredentials{
		Console: v.head, Secret: v.flash.Secret, Public: r.GetClient().GetType() == authzv1.ClientType_CLIENT_TYPE_PUBLIC,
		UsesKeys: r.GetTokenEndpointAuthMethod() != "", Address: r.GetJwksUri(), TypedKey: input.Get("jwk"), TypedAddress: input.Get("jwks_uri"),
		Overlap: input.Get("overlap"),
	}
	for i, s := range r.GetSecrets() {
		if i == 0 {
			data.Newest = s.GetSecretId()
		}
		data.Secrets = append(data.Secrets, page.ConsoleSecret{
			ID: s.GetSecretId(), LastFour: s.GetLastFour(), By: creator(s.GetCreatedByUserId(), v), Only: len(r.GetSecrets()) == 1,
			Created: browser.At(s.GetCreateTime(), v.in), Ends: browser.At(s.GetExpireTime(), v.in),
			Used: browser.At(s.GetLastUseTime(), v.in), New: s.GetCreateTime().AsTime().After(c.Flow.Time().Add(-usesKept)),
		})
	}
	data.Keys = keysOf(r.GetKeys(), v.in)
	if v.flash.Kind == flashTested {
		c.testKeys(v, &data)
	}
	return page.View{Template: "devcredentials", Data: data, Failed: data.Fault.Text != ""}
}

// testKeys reads the keys that the client publishes.
func (c Console) testKeys(v visit, data *page.ConsoleCredentials) {
	res, err := c.Apps.TestAppKeys(v.r.Context(), &authzv1.TestAppKeysRequest{SessionToken: c.session(v.r), ClientId: v.id()})
	switch {
	case err == nil:
		data.Tested, data.TestedNow = keysOf(res.GetKeys(), v.in), true
	case oerr.Reason(err) == errorv1.Reason_REASON_INVALID_REQUEST:
		data.Done, data.Fault = nil, page.Fault{Text: refusal(oerr.Field(err)), Detail: oerr.Message(err)}
	default:
		data.Done, data.Fault = nil, page.Fault{Text: "The keys could not be read. Try again in a moment."}
	}
}

// creator returns who created a secret.
func creator(userID string, v visit) string {
	switch userID {
	case "":
		return "The operator"
	case v.user:
		return "You"
	}
	return "Somebody of your team"
}

func keysOf(keys []*authzv1.ClientKey, in *time.Location) []page.ConsoleKey {
	var list []page.ConsoleKey
	for _, k := range keys {
		list = append(list, page.ConsoleKey{
			ID: k.GetKid(), Name: k.GetName(), Type: k.GetKty(), Only: len(keys) == 1,
			Created: browser.At(k.GetCreateTime(), in), Ends: browser.At(k.GetExpireTime(), in), Used: browser.At(k.GetLastUseTime(), in),
		})
	}
	return list
}

// changeCredentials creates and removes secrets and keys.
func (c Console) changeCredentials(v visit) outcome {
	form, session := v.r.PostForm, c.session(v.r)
	switch form.Get("do") {
	case "new-secret":
		usesKeys := v.app.GetRegistration().GetTokenEndpointAuthMethod() != ""
		overlap, err := overlapOf(form.Get("overlap"), usesKeys)
		if err != nil {
			return outcome{err: err}
		}
		res, err := c.Apps.CreateAppSecret(v.r.Context(), &authzv1.CreateAppSecretRequest{
			SessionToken: session, ClientId: v.id(), OverlapSeconds: overlap, NewestSecretId: form.Get("newest"), ReplaceKeys: usesKeys,
		})
		return outcome{flash: browser.Flash{Kind: flashSecret, Secret: res.GetClientSecret()}, err: err}
	case "remove-secret":
		_, err := c.Apps.RemoveAppSecret(v.r.Context(), &authzv1.RemoveAppSecretRequest{SessionToken: session, ClientId: v.id(), SecretId: form.Get("secret_id")})
		return outcome{flash: browser.Flash{Kind: flashGone, Name: endingOf(v, form.Get("secret_id"))}, err: err}
	case "remove-key":
		_, err := c.Apps.RemoveAppKey(v.r.Context(), &authzv1.RemoveAppKeyRequest{SessionToken: session, ClientId: v.id(), Kid: form.Get("kid")})
		return outcome{flash: browser.Flash{Kind: flashGone, Name: form.Get("kid")}, err: err}
	case "test-keys":
		return outcome{flash: browser.Flash{Kind: flashTested}} // the page reads the keys, once
	case "set-keys":
		return c.setKeys(v)
	}
	return outcome{}
}

// overlapOf returns for how many seconds the present secret stays valid, and INVALID_REQUEST where that was not
// chosen: to end it now is a choice too. Keys have no overlap, and their form does not ask for one.
func overlapOf(chosen string, usesKeys bool) (int64, error) {
	if usesKeys {
		return 0, nil
	}
	seconds, err := strconv.ParseInt(chosen, 10, 64)
	if err != nil {
		return 0, oerr.Invalid("overlap_seconds", "must be a number of seconds")
	}
	return seconds, nil
}

// endingOf returns a secret as the page shows it: by its last characters.
func endingOf(v visit, secretID string) string {
	for _, s := range v.app.GetRegistration().GetSecrets() {
		if s.GetSecretId() == secretID {
			return "…" + s.GetLastFour()
		}
	}
	return ""
}

// setKeys makes the client authenticate with the keys of the form, or adds one.
func (c Console) setKeys(v visit) outcome {
	r, jwk, address := v.app.GetRegistration(), strings.TrimSpace(v.r.PostForm.Get("jwk")), trimmed(v.r.PostForm, "jwks_uri")
	switch {
	case jwk == "" && address == "":
		return outcome{flash: browser.Flash{Kind: flashUnchanged}}
	case jwk != "" && address == "" && r.GetTokenEndpointAuthMethod() != "" && r.GetJwksUri() == "":
		_, err := c.Apps.AddAppKey(v.r.Context(), &authzv1.AddAppKeyRequest{
			SessionToken: c.session(v.r), Key: &authzv1.AddClientKeyRequest{ClientId: v.id(), Jwk: jwk},
		})
		return outcome{flash: browser.Flash{Kind: flashAdded}, err: err}
	case jwk != "" && !strings.Contains(jwk, `"keys"`):
		jwk = `{"keys":[` + jwk + `]}`
	}
	return c.update(v, &authzv1.UpdateClientRequest{Jwks: jwk, JwksUri: address})
}
