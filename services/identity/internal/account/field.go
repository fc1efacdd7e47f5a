package account

// FieldError is an invalid field of a request.
type FieldError struct {
	// Field is the field's name in the contract.
	Field string
	// Fault says what is wrong with the field, without its value.
	Fault string
}

// Error returns the field and the fault.
func (e *FieldError) Error() string { return e.Field + " " + e.Fault }
