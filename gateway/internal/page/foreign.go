package page

// Foreign is the data of foreign.html, which refuses a form that did not come from a page of ours.
type Foreign struct {
	// PublicURL is where our pages are, and Again the address of one to go on with.
	PublicURL, Again string
}
