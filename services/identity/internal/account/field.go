package account

// FieldError is a request's field that cannot be used.
type FieldError struct {
	// Field is its name in the contract.
	Field string
	// Fault says what is wrong with it, without its value.
	Fault string
}

// Error names the field and the fault.
func (e *FieldError) Error() string { return e.Field + " " + e.Fault }
