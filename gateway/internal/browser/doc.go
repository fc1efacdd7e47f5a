// Package browser walks a person through an authorization: authorize, sign in, consent, back to the app.
//
// It owns cookies, form tokens and which page comes next on the screen. Which step comes next is authz's word, who a session
// is identity's, and what a decision does consent's: it hands them the cookies' values and shows what they answer.
package browser
