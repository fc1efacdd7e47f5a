package oauth

// FieldError is an invalid field of a request.
type FieldError struct {
	// Field is the field's name in the contract.
	Field string
	// Problem continues the sentence that starts with the field's name, without the field's value.
	Problem string
}

// Error returns the field and the problem.
func (e *FieldError) Error() string { return e.Field + " " + e.Problem }

// InvalidField returns a FieldError.
func InvalidField(field, problem string) error { return &FieldError{Field: field, Problem: problem} }
