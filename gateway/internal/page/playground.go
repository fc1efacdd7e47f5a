package page

// ConsolePlayground is the data of devplayground.html.
type ConsolePlayground struct {
	Console
	// Address is the playground's redirect address, and Registered says that the client has it.
	Address    string
	Registered bool
	// Reason is why the playground cannot sign for the client: a message; empty where it can.
	Reason string
	Scopes []PermissionGroup
	// Secret says that the client authenticates with a secret, which each step asks for.
	Secret bool
	// Now is the step that comes next, 1 to 5; 6 at the end.
	Now   int
	Steps []PlaygroundStep
	// Endpoints are those of the API that need nothing but a token.
	Endpoints []string
}

// PlaygroundStep is a step of the playground.
type PlaygroundStep struct {
	Number int
	// Title and Text are messages.
	Title, Text string
	// Facts are what was made for the step, such as the challenge.
	Facts []Fact
	// Request is the request as curl, and Response its status and its body; empty before.
	Request, Response string
	// Cut says that the response is longer than what is shown.
	Cut bool
	// Status is the HTTP status; 0 before.
	Status int
	// Do is the name of the step's form; empty for a step that has none now.
	Do string
	// Button is the button's text: a message.
	Button string
}

// Badge returns the mark of a step that was made.
func (s PlaygroundStep) Badge() *Badge {
	switch {
	case s.Status == 0:
		return nil
	case s.Status < 400:
		return &Badge{Kind: "ok", Text: "Done"}
	}
	return &Badge{Kind: "danger", Text: "Refused"}
}
