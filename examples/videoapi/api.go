package videoapi

import (
	"encoding/json"
	"net/http"

	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/httpauth"
)

// New creates the API. The checker authorizes every request before a handler runs. The options say, for
// example, where the address of a request is (httpauth.WithSource), for API keys that are restricted to
// networks.
func New(checker httpauth.Checker, options ...httpauth.Option) http.Handler {
	a := api{workspaces: newWorkspaces()}
	mux := http.NewServeMux()
	for pattern, handle := range map[string]handler{
		"GET /v1/videos":                 a.listVideos,
		"POST /v1/videos/upload":         a.upload,
		"POST /v1/videos/process":        a.process,
		"POST /v1/videos/{id}/analyze":   a.work("analyze"),
		"POST /v1/videos/{id}/export":    a.work("export"),
		"POST /v1/videos/{id}/translate": a.work("translate"),
		"POST /v1/videos/{id}/voiceover": a.work("voiceover"),
		"POST /v1/videos/{id}/article":   a.work("article"),
		"GET /v1/videos/{id}/subtitles":  a.subtitles,
		"GET /v1/tools":                  a.listTools,
		"POST /v1/tools/{type}/execute":  a.execute,
		"GET /v1/jobs/{id}":              a.job,
		"GET /v1/usage":                  a.usage,
	} {
		mux.Handle(pattern, a.in(handle))
	}
	return httpauth.New(checker, options...)(mux)
}

type api struct{ workspaces *workspaces }

// handler handles a request within a workspace.
type handler func(w *workspace, r *http.Request) (status int, body any)

// in finds the workspace of the request's token, which is the only one that the handler can access,
// and writes the handler's response.
func (a api) in(handle handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := usher.FromContext(r.Context())
		if !ok { // the middleware is missing
			write(w, http.StatusInternalServerError, problem("internal_error", "Something went wrong on our side"))
			return
		}
		status, body := handle(a.workspaces.of(token.WorkspaceID), r)
		write(w, status, body)
	})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client has disconnected
}

// failure is the documented shape of an error.
type failure struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

func problem(code, message string) (f failure) {
	f.Error.Code, f.Error.Message = code, message
	return f
}

func missing(what string) (status int, body any) {
	return http.StatusNotFound, problem("not_found", "There is no such "+what+" in this workspace")
}
