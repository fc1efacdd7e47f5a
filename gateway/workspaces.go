package gateway

import (
	"net/http"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/httpx"
	"github.com/vidocu/usher/gateway/internal/workspaces"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	consentv1 "github.com/vidocu/usher/gen/usher/consent/v1"
	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
)

// workspaceRoutes adds the pages on which administrators administer their workspaces.
func workspaceRoutes(r *httpx.Router, flow browser.Flow, deps Deps, notFound http.Handler) {
	pages := workspaces.Workspaces{
		Flow: flow, Apps: consentv1.NewWorkspaceServiceClient(deps.Consent), Keys: tokenv1.NewWorkspaceKeyServiceClient(deps.Token),
		Members: identityv1.NewWorkspaceServiceClient(deps.Identity), NotFound: notFound,
	}
	if deps.Activity != nil {
		pages.Activity = activityv1.NewAuditServiceClient(deps.Activity)
	}
	r.Get(workspaces.Path, pages)
	r.Pages(workspaces.Path+"/", pages, http.HandlerFunc(pages.Post))
}
