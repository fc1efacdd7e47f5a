package browser

// The messages of authz about a client's wrong request, which has no redirect URI to return to.
const (
	textUnregistered = "The app asked to return to an address that it has not registered: redirect_uri must be one of its registered addresses, character by character."
	textNoAddress    = "The app did not say where to return to: the parameter redirect_uri is missing."
	textTwoAddresses = "The app sent the parameter redirect_uri more than once."
	textLongState    = "The app sent a state that is too long: at most 2048 bytes can be returned."
)

// mistakeOf returns what a message of authz says to a user, who can do nothing about a client's wrong request;
// empty for a message that is for the user already. The message itself is for the client's author then.
func mistakeOf(message string) string {
	switch message {
	case textUnregistered:
		return "It asked us to send you to an address that it has not registered, so we stopped. There is nothing that you can do here."
	case textNoAddress, textTwoAddresses, textLongState:
		return "It sent us a request that is wrong, so we stopped. There is nothing that you can do here."
	}
	return ""
}
