package videoapi

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
)

// page is the response of a list.
type page[T any] struct {
	Data []T `json:"data"`
}

func (api) listVideos(w *workspace, _ *http.Request) (status int, body any) {
	return http.StatusOK, page[Video]{w.list()}
}

// maxUpload limits the request body: the example stores only the title.
const maxUpload = 1 << 20

func (api) upload(w *workspace, r *http.Request) (status int, body any) {
	title, ok := titleOf(r)
	if !ok {
		return http.StatusBadRequest, problem("invalid_request", `The body must be a JSON object such as {"title":"My video"}`)
	}
	return http.StatusCreated, w.add(title)
}

// process does in one request the work of upload and analyze.
func (api) process(w *workspace, r *http.Request) (status int, body any) {
	title, ok := titleOf(r)
	if !ok {
		return http.StatusBadRequest, problem("invalid_request", `The body must be a JSON object such as {"title":"My video"}`)
	}
	return http.StatusAccepted, w.start("process", w.add(title).ID)
}

// titleOf reads a title; without a body the video has none.
func titleOf(r *http.Request) (title string, ok bool) {
	var request struct {
		Title string `json:"title"`
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxUpload))
	if err != nil {
		return "", false
	}
	if len(raw) > 0 && json.Unmarshal(raw, &request) != nil {
		return "", false
	}
	return request.Title, true
}

// work starts a job on a video.
func (api) work(kind string) handler {
	return func(w *workspace, r *http.Request) (status int, body any) {
		id := r.PathValue("id")
		if !w.has(id) {
			return missing("video")
		}
		return http.StatusAccepted, w.start(kind, id)
	}
}

// Subtitles are the words of a video.
type Subtitles struct {
	VideoID  string `json:"video_id"`
	Language string `json:"language"`
	Cues     []Cue  `json:"cues"`
}

// Cue is a line of subtitles, its times in seconds.
type Cue struct {
	Start float64 `json:"start"`
	End   float64 `json:"end"`
	Text  string  `json:"text"`
}

func (api) subtitles(w *workspace, r *http.Request) (status int, body any) {
	id := r.PathValue("id")
	if !w.has(id) {
		return missing("video")
	}
	return http.StatusOK, Subtitles{VideoID: id, Language: "en", Cues: []Cue{{Start: 0, End: 2.5, Text: "Welcome."}}}
}

// Tool is something that can be run on its own.
type Tool struct {
	Type string `json:"type"`
	Name string `json:"name"`
}

func tools() []Tool {
	return []Tool{{"summarize", "Summarize a text"}, {"thumbnail", "Draw a thumbnail"}}
}

func (api) listTools(*workspace, *http.Request) (status int, body any) {
	return http.StatusOK, page[Tool]{tools()}
}

func (api) execute(w *workspace, r *http.Request) (status int, body any) {
	kind := r.PathValue("type")
	if !slices.ContainsFunc(tools(), func(t Tool) bool { return t.Type == kind }) {
		return missing("tool")
	}
	return http.StatusAccepted, w.start(kind, "")
}

func (api) job(w *workspace, r *http.Request) (status int, body any) {
	job, ok := w.job(r.PathValue("id"))
	if !ok {
		return missing("job")
	}
	return http.StatusOK, job
}

// Usage counts what a workspace has.
type Usage struct {
	WorkspaceID string `json:"workspace_id"`
	Videos      int    `json:"videos"`
	Jobs        int    `json:"jobs"`
}

func (api) usage(w *workspace, _ *http.Request) (status int, body any) {
	return http.StatusOK, w.usage()
}
