package page

import "time"

// ConsoleRequests is the data of devrequests.html.
type ConsoleRequests struct {
	Console
	// Away says that the log cannot be read now.
	Away    bool
	Filters []Filter
	// Filtered says that a filter is set.
	Filtered bool
	// Granted says that the page lists granted requests.
	Granted bool
	// Chart are the requests of the last day; nil for none.
	Chart *HourChart
	// RequestID is the user's input.
	RequestID string
	Requests  []ConsoleRequest
	// Next is the address of the next page; empty on the last one.
	Next string
	// JSON is the address of the same as JSON.
	JSON string
}

// None returns the empty state.
func (c ConsoleRequests) None() Empty {
	switch {
	case c.RequestID != "" && c.Granted:
		return Empty{
			Heading: "No granted request here has this id", Text: "Equal requests of an hour are one row, with the id of the last one. Look at all of them for the same address and time.",
			Link: Link{Address: c.Action + "?outcome=granted", Text: "Show all"},
		}
	case c.RequestID != "":
		return Empty{
			Heading: "No refused request here has this id",
			Text:    "Equal requests of an hour are one row, with the id of the last one. Look at all of them for the same address and time, or among the granted ones.",
			Link:    Link{Address: c.Action, Text: "Show all"},
		}
	case c.Filtered && c.Granted:
		return Empty{Heading: "No granted request is like that", Text: "Choose less, or look at all of them.", Link: Link{Address: c.Action + "?outcome=granted", Text: "Show all"}}
	case c.Granted:
		return Empty{Heading: "No request was granted", Text: "Every request to an address below /oauth/ that names this app and is granted is counted here for 7 days."}
	case c.Filtered:
		return Empty{Heading: "No refused request is like that", Text: "Choose less, or look at all of them.", Link: Link{Address: c.Action, Text: "Show all"}}
	}
	return Empty{Heading: "No request was refused", Text: "Every request that names this app and is refused is listed here for 7 days, with the cause and what to do."}
}

// Filter is a selection.
type Filter struct {
	// Name is the parameter, and Label a message.
	Name, Label string
	Options     []FilterOption
}

// FilterOption is an entry of a Filter. Text is a message unless Plain or English is true.
type FilterOption struct {
	Value, Text            string
	Chosen, Plain, English bool
	// Detail distinguishes it from another one with the same text; empty for none.
	Detail string
	// Count is how many requests it stands for; 0 where that is not known.
	Count int64
}

// ConsoleRequest is equal requests.
type ConsoleRequest struct {
	At time.Time
	// Earlier says that it was on another day than today.
	Earlier bool
	// The cause, or that it was granted, is What, and its explanation Why: messages, or English text where English is true.
	What, Why string
	English   bool
	// Fix is what to do, likewise; empty for nothing.
	Fix string
	// Link is where to do it; zero for nowhere.
	Link Link
	// Docs is the address of the cause in the documentation; empty for a request that was granted.
	Docs   string
	Badge  *Badge
	Method string
	Where  string
	Status int
	Count  int64
	Since  time.Time
	// Compared is the name of the parameter or the claim that Diff is about; empty without it.
	Compared string
	Diff     []Difference
	Facts    []Fact
}
