package apidoc

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/vidocu/usher/gateway/internal/userapi"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/sdk/enforce"
)

// writeAPIResponses writes the responses of the API, each with its causes.
func writeAPIResponses(b *strings.Builder, k kind) {
	b.WriteString("\n| status and `code` | cause |\n| --- | --- |\n")
	for _, row := range []struct {
		status int
		code   string
	}{
		{http.StatusUnauthorized, enforce.CodeAuthentication},
		{http.StatusForbidden, enforce.CodeInsufficientScope},
		{http.StatusForbidden, enforce.CodePlanRestricted},
		{http.StatusNotFound, enforce.CodeNotFound},
	} {
		var causes []Cause
		for _, c := range k.causes {
			if apiCode(c.Value) == row.code {
				causes = append(causes, c)
			}
		}
		fmt.Fprintf(b, "| %d `%s` | %s |\n", row.status, row.code, links(causes))
	}
}

// apiCode returns the code in the API's response to a cause of its section.
func apiCode(c errorv1.Cause) string {
	switch c { //nolint:exhaustive // the others are about the token
	case errorv1.Cause_CAUSE_NOT_FOUND:
		return enforce.CodeNotFound
	case errorv1.Cause_CAUSE_SCOPE_INSUFFICIENT:
		return enforce.CodeInsufficientScope
	case errorv1.Cause_CAUSE_PLAN_RESTRICTED:
		return enforce.CodePlanRestricted
	}
	return enforce.CodeAuthentication
}

// writeExceptions writes the responses of the user API, each with its causes, or with their section
// where the cause is one of many.
func writeExceptions(b *strings.Builder, sections []kind) {
	b.WriteString("\n| status and `name` | cause |\n| --- | --- |\n")
	for number := range int32(len(errorv1.Reason_name)) {
		reason := errorv1.Reason(number)
		status, name, ok := userapi.ExceptionOf(reason)
		if !ok {
			continue
		}
		cell := ""
		for _, k := range sections {
			causes := slices.DeleteFunc(slices.Clone(k.causes), func(c Cause) bool {
				return oerr.ReasonOf(c.Value) != reason || strings.HasPrefix(oerr.CauseLabel(c.Value), "client_") // these endpoints have no client
			})
			if len(causes) > 0 {
				cell = links(causes)
			}
			if len(causes) > manyCauses {
				cell = fmt.Sprintf("those of [%s](#%s)", k.name, k.name)
			}
		}
		fmt.Fprintf(b, "| %d `%s` | %s |\n", status, name, cell)
	}
	fmt.Fprintf(b, "| %d `InternalServerException` | [server_error](#server_error) |\n", http.StatusInternalServerError)
}

// manyCauses is how many causes a row links one by one.
const manyCauses = 4

func links(causes []Cause) string {
	var all []string
	for _, c := range causes {
		label := oerr.CauseLabel(c.Value)
		all = append(all, fmt.Sprintf("[%s](#%s)", label, label))
	}
	return strings.Join(all, ", ")
}
