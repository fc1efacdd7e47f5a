package workspaces

import (
	"strconv"
	"strings"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/page"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// keysPerPage is the number of API keys on a page.
const keysPerPage = 50

// keys shows the API keys.
func (s Workspaces) keys(v visit) (page.View, error) {
	res, err := s.Keys.ListWorkspaceKeys(v.r.Context(), &tokenv1.ListWorkspaceKeysRequest{
		SessionToken: v.token, WorkspaceId: v.id, PageSize: keysPerPage, PageToken: v.after(),
	})
	if err != nil {
		return page.View{}, err
	}
	input := v.flash.Input()
	data := page.WorkspaceKeys{
		Workspaceframe: v.head, Secret: v.flash.Secret, KeyName: input.Get("name"), Addresses: input.Get("addresses"),
		Lifetime: input.Get("lifetime"), Scopes: s.Flow.KeyChoices(input["scope"]), Next: v.next(res.GetNextPageToken()),
	}
	for _, k := range res.GetApiKeys() {
		if v.flash.Object == k.GetKeyId() {
			v.flash.Name = k.GetName()
		}
		data.Keys = append(data.Keys, page.WorkspaceKey{
			ID: k.GetKeyId(), Name: k.GetName(), Shown: k.GetPrefix() + "…" + k.GetLastFour(), By: k.GetCreatorName(), Live: k.GetLive(),
			Replaced: k.GetSuccessorKeyId() != "", Permissions: s.Flow.Permissions(k.GetScopes(), nil), Addresses: k.GetAllowedAddresses(),
			Created: browser.At(k.GetCreateTime(), v.in), Used: browser.At(k.GetLastUseTime(), v.in), Ends: browser.At(k.GetExpireTime(), v.in),
			Revoked: browser.At(k.GetRevokeTime(), v.in),
		})
	}
	data.Done = done(v.flash)
	return page.View{Template: "wskeys", Data: data}, nil
}

// changeKeys creates, replaces or revokes a key.
func (s Workspaces) changeKeys(v visit) (browser.Flash, error) {
	form := v.r.PostForm
	switch form.Get("do") {
	case "create":
		return s.createKey(v)
	case "rotate":
		overlap, err := number(form.Get("overlap"), "overlap_seconds")
		if form.Get("overlap") == "" { // to end the old key now is a choice too
			err = oerr.Invalid("overlap_seconds", "must be a number")
		}
		if err != nil {
			return browser.Flash{}, err
		}
		res, err := s.Keys.RotateWorkspaceKey(v.r.Context(), &tokenv1.RotateWorkspaceKeyRequest{
			SessionToken: v.token, WorkspaceId: v.id, KeyId: form.Get("key_id"), OverlapSeconds: overlap,
		})
		return browser.Flash{Kind: flashRotated, Secret: res.GetKey()}, err
	case "revoke":
		_, err := s.Keys.RevokeWorkspaceKey(v.r.Context(), &tokenv1.RevokeWorkspaceKeyRequest{
			SessionToken: v.token, WorkspaceId: v.id, KeyId: form.Get("key_id"),
		})
		return browser.Flash{Kind: flashRevoked}, err
	}
	return browser.Flash{}, nil
}

func (s Workspaces) createKey(v visit) (browser.Flash, error) {
	form := v.r.PostForm
	days, err := number(form.Get("lifetime"), "lifetime_seconds")
	if err != nil {
		return browser.Flash{}, err
	}
	addresses := strings.FieldsFunc(form.Get("addresses"), func(r rune) bool { return strings.ContainsRune(" ,;\r\n\t", r) })
	res, err := s.Keys.CreateWorkspaceKey(v.r.Context(), &tokenv1.CreateWorkspaceKeyRequest{
		SessionToken: v.token, WorkspaceId: v.id, Name: strings.TrimSpace(form.Get("name")), Scopes: form["scope"],
		AllowedAddresses: addresses, LifetimeSeconds: days * 24 * 60 * 60,
	})
	return browser.Flash{Kind: flashCreated, Secret: res.GetKey()}, err
}

// number returns the number of a choice, 0 for none, and INVALID_REQUEST for another text: no key may
// live longer than was chosen.
func number(chosen, field string) (int64, error) {
	if chosen == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(chosen, 10, 32)
	if err != nil {
		return 0, oerr.New(errorv1.Reason_REASON_INVALID_REQUEST, "must be a number", oerr.WithField(field))
	}
	return n, nil
}
