package apidoc

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/vidocu/usher/gateway/internal/dialect"
	"github.com/vidocu/usher/gateway/internal/userapi"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/enumname"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/sdk/enforce"
)

//go:embed errors.txt
var errorsHead string

// Cause is a cause of a refusal, as the contract describes it.
type Cause struct {
	Value errorv1.Cause
	// Meaning and Advice are sentences.
	Meaning, Advice string
}

// enum returns an enum by its full name.
func (p Protos) enum(name protoreflect.FullName) (protoreflect.EnumDescriptor, error) {
	found, err := p.files.FindDescriptorByName(name)
	if err != nil {
		return nil, err
	}
	enum, ok := found.(protoreflect.EnumDescriptor)
	if !ok {
		return nil, fmt.Errorf("%s is no enum", name)
	}
	return enum, nil
}

// Causes returns every cause but the unspecified one, in the order of the contract.
func (p Protos) Causes() ([]Cause, error) {
	enum, err := p.enum("usher.error.v1.Cause")
	if err != nil {
		return nil, err
	}
	var causes []Cause
	for i := range enum.Values().Len() {
		value := enum.Values().Get(i)
		c := Cause{Value: errorv1.Cause(value.Number()), Meaning: comment(value)}
		if c.Value == errorv1.Cause_CAUSE_UNSPECIFIED {
			continue
		}
		c.Advice, _ = proto.GetExtension(value.Options(), errorv1.E_Advice).(string)
		if c.Meaning == "" || c.Advice == "" {
			return nil, fmt.Errorf("%s has no comment or no advice: authors of clients read both", value.Name())
		}
		causes = append(causes, c)
	}
	return causes, nil
}

// kinds are the sections of the page of errors: the error of the form dialect, which error_uri links
// to, and for causes that the OAuth endpoints do not return, where they come from. An error that is
// not listed has a section too, with the comment of its reason.
func kinds() []kind {
	return []kind{
		{name: "invalid_request", text: "A parameter, or the request itself, is not as documented. The message names the parameter. Where the user can be sent\nback, the authorization endpoint redirects with the same error."},
		{name: "unsupported_grant_type", text: "The grant type does not exist here."},
		{name: "unauthorized_client", text: "The client may not do this."},
		{name: "invalid_scope", text: "The scope is not one that the client may have. The message names the word."},
		{name: "invalid_target", text: "The `resource` is not one that the tokens can be issued for (RFC 8707)."},
		{name: "unsupported_response_type", text: "The `response_type` of an authorization request is not `code` ([response_type_unsupported](#response_type_unsupported))." + ofRequests},
		{name: "request_not_supported", text: "An authorization request has the parameter `request` ([request_object_unsupported](#request_object_unsupported))." + ofRequests},
		{name: "request_uri_not_supported", text: "An authorization request has a `request_uri` of another form than `/oauth/par` returns\n([request_object_unsupported](#request_object_unsupported)). The authorization endpoint redirects with it."},
		{name: "registration_not_supported", text: "An authorization request has the parameter `registration` ([request_object_unsupported](#request_object_unsupported))." + ofRequests},
		{
			name: "invalid_client", text: "The client could not be authenticated. The message is the same for each cause, since it would help to guess; only that of\nintrospection without a secret differs, and it is the same for every client.",
			rows: []string{"| 401 | 401 `authentication_error` “Introspection needs a confidential client” |"},
		},
		{name: "invalid_grant", text: "The code, its verifier or the refresh token is not valid. The message is the same for each cause of a kind."},
		{name: "temporarily_unavailable", text: "Nothing was consumed: the same request may be repeated, after the time in `Retry-After`."},
		{name: "invalid_redirect_uri", text: "`/oauth/register` refuses a redirect URI of the client, with 400 (RFC 7591 §3.2.2)."},
		{name: "invalid_client_metadata", text: "`/oauth/register` refuses another member of the metadata, with 400; the member `software_statement` with the error\n`unapproved_software_statement`. A body that is too large has 413, and one of another media type 415."},
		{name: kindRegistrationToken, text: "`/oauth/register` refuses the initial access token or the registration access token, with 401 and `WWW-Authenticate`\n(RFC 7591 §3, RFC 7592 §2): missing, unknown, expired, used up, or another client's."},
		{
			name: enforce.CodeInsufficientScope,
			text: "The access token does not have the scope that the endpoint needs (RFC 6750 §3.1): 403 `insufficient_scope`, at the API with the\ncause [scope_insufficient](#scope_insufficient), and at UserInfo:",
		},
		{
			name: kindAPI,
			text: "The API, `/v1/*`, refuses the token or the request. [The responses](enforcement.md#the-responses) has the messages, and the header\n`WWW-Authenticate`, which says the same to libraries.",
		},
		{name: kindPages, text: "The user sees a page that says how to go on, and the client gets no response."},
		{name: kindUsers, text: "VIDIZMO's user API under `/api/v1/user`. The response has the `name`, and `exceptionDetails` says what to change in the request."},
	}
}

// ofRequests says where the errors of authorization requests are returned.
const ofRequests = "\n`/oauth/par` refuses it with 400, and the authorization endpoint redirects with it."

// kind is a section of the page.
type kind struct {
	name, text string
	// rows are responses that the reasons of the causes do not have.
	rows   []string
	causes []Cause
}

const (
	// kindRegistrationToken is the error on the wire, of which the reason has another name.
	kindRegistrationToken = "invalid_token"

	kindAPI   = "Requests to the API"
	kindPages = "Pages"
	kindUsers = "User API"
)

// kindOf returns the name of a cause's section.
func kindOf(c Cause) string {
	reason := oerr.ReasonOf(c.Value)
	if f, ok := dialect.FailureOf(reason); ok {
		return f.FormError
	}
	if _, _, ok := userapi.ExceptionOf(reason); ok && reason != errorv1.Reason_REASON_NOT_FOUND {
		return kindUsers
	}
	if reason == errorv1.Reason_REASON_UNSPECIFIED || reason == errorv1.Reason_REASON_NOT_FOUND {
		return kindAPI
	}
	switch reason { //nolint:exhaustive // the others have a section of their own
	case errorv1.Reason_REASON_SESSION_REQUIRED, errorv1.Reason_REASON_AUTHORIZATION_NOT_FOUND, errorv1.Reason_REASON_AUTHORIZATION_STALE,
		errorv1.Reason_REASON_WORKSPACE_FORBIDDEN, errorv1.Reason_REASON_CROSS_SITE_REQUEST, errorv1.Reason_REASON_WORKSPACE_POLICY,
		errorv1.Reason_REASON_CLIENT_FULL, errorv1.Reason_REASON_CLIENT_NOT_LIVE:
		return kindPages
	case errorv1.Reason_REASON_INVALID_REGISTRATION_TOKEN:
		return kindRegistrationToken
	}
	return enumname.Of(reason)
}

// newKind returns a section that kinds does not list, whose text is the comment of the reason.
func (p Protos) newKind(c Cause) (kind, error) {
	reasons, err := p.enum("usher.error.v1.Reason")
	if err != nil {
		return kind{}, err
	}
	return kind{name: kindOf(c), text: comment(reasons.Values().ByNumber(protoreflect.EnumNumber(oerr.ReasonOf(c.Value))))}, nil
}

// ErrorsPage returns docs/errors.md.
func (p Protos) ErrorsPage() (string, error) {
	causes, err := p.Causes()
	if err != nil {
		return "", err
	}
	sections := kinds()
	for _, c := range causes {
		i := slices.IndexFunc(sections, func(k kind) bool { return k.name == kindOf(c) })
		if i < 0 {
			other, err := p.newKind(c)
			if err != nil {
				return "", err
			}
			i = slices.IndexFunc(sections, func(k kind) bool { return k.name == kindAPI })
			sections = slices.Insert(sections, i, other)
		}
		sections[i].causes = append(sections[i].causes, c)
	}
	var b strings.Builder
	b.WriteString(errorsHead)
	for _, k := range sections {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", k.name, k.text)
		writeResponses(&b, k, sections)
		for _, c := range k.causes {
			fmt.Fprintf(&b, "\n### %s\n\n%s\n\n**Fix:** %s\n", oerr.CauseLabel(c.Value), c.Meaning, c.Advice)
		}
	}
	return b.String(), nil
}

// writeResponses writes the responses of a section: those of both dialects, and of the user API.
func writeResponses(b *strings.Builder, k kind, sections []kind) {
	var rows []string
	for _, c := range k.causes {
		reason := oerr.ReasonOf(c.Value)
		f, ok := dialect.FailureOf(reason)
		if !ok {
			continue
		}
		row := fmt.Sprintf("| %d | %d `%s`%s |", f.FormStatus, f.Status, f.Code, quoted(f.Message))
		if !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
	}
	switch k.name {
	case kindAPI:
		writeAPIResponses(b, k)
	case kindUsers:
		writeExceptions(b, sections)
	}
	if rows = append(rows, k.rows...); len(rows) > 0 {
		fmt.Fprintf(b, "\n| to a form | to JSON |\n| --- | --- |\n%s\n", strings.Join(rows, "\n"))
	}
}

func quoted(message string) string {
	if message == "" {
		return ""
	}
	return " “" + message + "”"
}
