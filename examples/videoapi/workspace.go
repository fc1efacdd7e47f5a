package videoapi

import (
	"slices"
	"strconv"
	"sync"
)

// Video is a video of a workspace.
type Video struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Status string `json:"status"`
}

// Job is work on a video, or of a tool.
type Job struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	VideoID string `json:"video_id,omitempty"`
	Status  string `json:"status"`
}

// workspaces are created at their first request.
type workspaces struct {
	mu   sync.Mutex
	byID map[string]*workspace
}

func newWorkspaces() *workspaces { return &workspaces{byID: map[string]*workspace{}} }

func (w *workspaces) of(id string) *workspace {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byID[id] == nil {
		w.byID[id] = &workspace{id: id, videos: []Video{
			{"vid_1", "Getting started", "ready"}, {"vid_2", "Sharing with your team", "ready"},
		}}
	}
	return w.byID[id]
}

// kept is how many videos and jobs a workspace keeps: the newest.
const kept = 1000

// workspace has the data of one workspace.
type workspace struct {
	id string

	mu     sync.Mutex
	videos []Video
	jobs   []Job
	// made counts the videos that were added to the first two.
	made int
}

func (w *workspace) list() []Video {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.videos)
}

func (w *workspace) has(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.videos, func(v Video) bool { return v.ID == id })
}

func (w *workspace) add(title string) Video {
	w.mu.Lock()
	defer w.mu.Unlock()
	if title == "" {
		title = "Untitled"
	}
	v := Video{ID: "vid_" + w.next(), Title: title, Status: "ready"}
	w.videos = newest(append(w.videos, v))
	return v
}

func (w *workspace) start(kind, videoID string) Job {
	w.mu.Lock()
	defer w.mu.Unlock()
	j := Job{ID: "job_" + w.next(), Type: kind, VideoID: videoID, Status: "completed"}
	w.jobs = newest(append(w.jobs, j))
	return j
}

func (w *workspace) job(id string) (Job, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.jobs, func(j Job) bool { return j.ID == id })
	if i < 0 {
		return Job{}, false
	}
	return w.jobs[i], true
}

func (w *workspace) usage() Usage {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Usage{WorkspaceID: w.id, Videos: len(w.videos), Jobs: len(w.jobs)}
}

func (w *workspace) next() string {
	w.made++
	return strconv.Itoa(100 + w.made)
}

func newest[T any](all []T) []T { return all[max(0, len(all)-kept):] }
