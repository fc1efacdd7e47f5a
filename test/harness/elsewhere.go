package harness

import (
	"cmp"
	"net/http"
)

// Elsewhere is a deployment that somebody else runs, in a cluster for instance. What browsers and apps send goes through the
// client, which follows no redirects; nil is the harness's own.
func Elsewhere(publicURL string, client *http.Client) *Deployment {
	return &Deployment{Name: "elsewhere", PublicURL: publicURL, PublicURLs: []string{publicURL}, client: client}
}

// http is what requests to the deployment go through.
func (d *Deployment) http() *http.Client { return cmp.Or(d.client, httpClient) }
