package page

// CrossOrigin is the data of crossorigin.html, which refuses a form of another origin.
type CrossOrigin struct {
	// PublicURL is the origin of the gateway's pages, and Again the address of the page to continue
	// with.
	PublicURL, Again string
}
