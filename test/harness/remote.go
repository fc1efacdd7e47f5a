package harness

import (
	"cmp"
	"net/http"
)

// RemoteWithClient is Remote whose requests, those of its browsers too, go through an HTTP client
// that follows no redirects; nil means the harness's own client.
func RemoteWithClient(publicURL string, client *http.Client) *Deployment {
	return &Deployment{Name: "elsewhere", PublicURL: publicURL, PublicURLs: []string{publicURL}, client: client}
}

// http returns the HTTP client for requests to the deployment.
func (d *Deployment) http() *http.Client { return cmp.Or(d.client, httpClient) }
