package gateway

import (
	"net/http"

	"github.com/vidocu/usher/gateway/internal/browser"
	"github.com/vidocu/usher/gateway/internal/developers"
	"github.com/vidocu/usher/gateway/internal/httpx"
	activityv1 "github.com/vidocu/usher/gen/usher/activity/v1"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
)

// developerRoutes adds the developer console. Its playground sends requests to the router itself.
func developerRoutes(r *httpx.Router, flow browser.Flow, deps Deps, notFound http.Handler) {
	console := developers.Console{
		Flow: flow, Apps: authzv1.NewConsoleServiceClient(deps.Authz), PublicURL: deps.PublicURL, APIURL: deps.APIURL,
		Self: r, NotFound: notFound,
	}
	if deps.Activity != nil {
		console.Log = activityv1.NewRequestLogServiceClient(deps.Activity)
	}
	r.Get("/developers", console)
	r.Pages("/developers/", console, http.HandlerFunc(console.Post))
}
