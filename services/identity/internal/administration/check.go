package administration

import (
	"strings"

	"github.com/vidocu/usher/internal/platform/emailaddress"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/services/identity/internal/account"
)

const (
	// maxNameLength is the maximum length of a name in characters.
	maxNameLength = 100
	// maxWorkspaceIDLength exceeds the length of a generated identifier.
	maxWorkspaceIDLength = 64
	workspacePrefix      = "ws_"
)

// Name returns a name in its stored form: without surrounding space, 1 to 100 printable characters.
// It returns an *oauth.FieldError for the field.
func Name(field, typed string) (string, error) {
	name := strings.TrimSpace(typed)
	if name == "" || !oauth.PrintableText(name, maxNameLength) {
		return "", oauth.InvalidField(field, "must have 1 to 100 printable characters")
	}
	return name, nil
}

// Address returns an address in canonical form, or an *oauth.FieldError.
func Address(typed string) (account.Address, error) {
	address, err := emailaddress.Canonical(typed)
	if err != nil {
		return "", ErrAddress()
	}
	return address, nil
}

// ErrAddress is the error of the field email_address if it is no address.
func ErrAddress() error {
	return oauth.InvalidField("email_address", "is not an e-mail address, or has characters that do not show")
}

// names sets a user's names.
func names(user *account.User, n NewUser) (err error) {
	if user.FirstName, err = Name("first_name", n.FirstName); err != nil {
		return err
	}
	if user.LastName, err = Name("last_name", n.LastName); err != nil {
		return err
	}
	if strings.TrimSpace(n.DisplayName) == "" {
		user.DisplayName = user.FirstName + " " + user.LastName
		return nil
	}
	user.DisplayName, err = Name("display_name", n.DisplayName)
	return err
}

// workspaceID requires an identifier that needs no escaping in a URL, a header or a command line.
func workspaceID(id string) error {
	rest, found := strings.CutPrefix(id, workspacePrefix)
	if !found || rest == "" || len(id) > maxWorkspaceIDLength || strings.ContainsFunc(rest, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	}) {
		return oauth.InvalidField("workspace_id", "must be ws_ and letters, digits, - and _, 64 characters at most")
	}
	return nil
}
