package page

import (
	"hash/fnv"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The partials of parts.html are the components that pages are made of. This file has their data;
// /dev/components shows each in every state.

// Badge is the data of the partial "badge": a word with a meaning.
type Badge struct {
	// Kind is ok (validated, done), warn (can change), danger (ends or refuses), or empty.
	Kind, Text string
}

// Message is the data of the partial "notice".
type Message struct {
	// Kind is that of a Badge.
	Kind, Text string
	// Names stand in the text in the places of %s: untrusted text.
	Names []string
}

// Done returns the notice of what was done; nil for an empty text.
func Done(text string) *Message {
	if text == "" {
		return nil
	}
	return &Message{Kind: "ok", Text: text}
}

// Icon returns the shape that repeats the meaning of the colour.
func (m Message) Icon() string {
	switch m.Kind {
	case "ok":
		return "yes"
	case "danger":
		return "stop"
	}
	return "look"
}

// PermissionGroup is a part of the partial "permissions": those that concern one kind of thing.
type PermissionGroup struct {
	// Name is the kind of thing; empty where the catalog has no groups.
	Name        string
	Permissions []Permission
}

// Permission is a scope with its description for users.
type Permission struct {
	// Name is the scope's, for developers.
	Name, Description string
	// Reads and Changes are the effect of the scope; both are false where it is not known.
	Reads, Changes bool
	// Sensitive asks the user to look twice.
	Sensitive bool
	// Optional lets the user leave it out, and Declined says that the user did.
	Optional, Declined bool
}

// Fact is a row of the partial "facts". At is shown where it is not zero, else Phrase where it is not
// empty, which is a message, else Text, which is not.
type Fact struct {
	Label, Text, Phrase string
	// Address makes the text a link to another site; empty for none.
	Address string
	// Code shows the text as an identifier.
	Code bool
	At   time.Time
	// Ending is when access ends by itself; nil for another fact.
	Ending *Ending
	// Share is which part of all it is, in the partial "figures"; 0 shows none.
	Share float64
	// Over is a number that the fact is more than, and Of how many it may be; 0 for another fact, and for any
	// number.
	Over, Of int64
}

// Difference is a row of the partial "diff", with the parts that differ marked. Without parts it is nothing.
type Difference struct {
	Label string
	Parts []DifferencePart
}

// DifferencePart is a part of a text.
type DifferencePart struct {
	Text   string
	Marked bool
}

// Empty is the data of the partial "empty": a list without entries.
type Empty struct {
	Heading, Text string
	// Link is the next step; zero for none. Primary says that the page is there for it.
	Link    Link
	Primary bool
}

// Frame is what surrounds a page of an account.
type Frame struct {
	// Person is the signed-in user's name, untrusted text; empty where none is signed in.
	Person string
	// CSRF is the token of the form that signs out.
	CSRF string
	Menu []MenuGroup
}

// MenuGroup is a part of the partial "menu". Title is a message and Name untrusted text; either may be
// empty.
type MenuGroup struct {
	Title   string
	Name    string
	Entries []MenuEntry
}

// MenuEntry is a link of the menu; Current is the page that is shown.
type MenuEntry struct {
	Address, Text string
	Current       bool
}

// initial returns the first letter or digit of an untrusted name, for its avatar.
func initial(s string) string {
	for _, r := range Name(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return "?"
}

// initials returns the initials of the first and the last word of a person's name.
func initials(s string) string {
	words := strings.Fields(Name(s))
	first := initial(words[0])
	if len(words) == 1 || first == "?" {
		return first
	}
	return first + strings.Trim(initial(words[len(words)-1]), "?")
}

// tones is the number of colours of avatars.
const tones = 3

// tone returns the class of an avatar's colour, which is the same for equal names.
func tone(s string) string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(s)) // never fails
	return "t" + strconv.Itoa(int(hash.Sum32()%tones)+1)
}

// capital returns a text with its first letter in upper case.
func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + s[size:]
}
