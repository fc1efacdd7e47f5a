// Package browser serves the pages of an authorization (authorize, sign-in, consent, the request for an
// administrator's approval, and the redirect to the client), of a device's user code and of a logout,
// and the demo client. It also has what every page of the gateway shares: cookies, CSRF tokens, the
// values that a form is shown with again, uploads, and the frame of the pages of an account.
//
// It owns the order of the pages of an authorization. Authz decides the next step of an
// authorization, identity validates sessions, and consent applies decisions: this package passes
// them the cookies' values and shows their responses.
package browser
