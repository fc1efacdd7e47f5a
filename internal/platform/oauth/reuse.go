package oauth

// Reuse is what a refresh token revokes when it is presented after its rotation (RFC 9700 §4.14.2).
// A client's registration chooses it.
type Reuse string

// The kinds of reuse.
const (
	// ReuseSubject revokes all grants of the user to the client, in every workspace.
	ReuseSubject Reuse = "subject"
	// ReuseFamily revokes the tokens of its family. It is for a client whose identifier all
	// installations share, since one defective installation must not sign out the others.
	ReuseFamily Reuse = "family"
)
