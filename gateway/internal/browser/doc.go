// Package browser serves the pages of an authorization: authorize, sign-in, consent, and the
// redirect to the client.
//
// It owns cookies, CSRF tokens and the order of pages. Authz decides the next step of an
// authorization, identity validates sessions, and consent applies decisions: this package passes
// them the cookies' values and shows their responses.
package browser
