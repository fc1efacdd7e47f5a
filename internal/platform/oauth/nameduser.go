package oauth

// NamedUser is a user who did something, with the display name at the time, which is untrusted text.
// It is zero for an operator.
type NamedUser struct{ UserID, Name string }
