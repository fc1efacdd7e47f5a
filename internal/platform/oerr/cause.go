package oerr

import (
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

const causePrefix = "CAUSE_"

// Refuse creates the error of a refusal with a known cause. Its reason follows from the cause, as
// the contract says at the cause (usher.error.v1.reason), so that one cause never has two
// responses. The message is as in New.
func Refuse(cause errorv1.Cause, message string, opts ...Option) error {
	return New(ReasonOf(cause), message, append(opts, func(o *options) { o.set(metaCause, nameOf(cause)) })...)
}

// Invalid refuses a field whose value does not have the format: the problem continues the field's name.
func Invalid(field, problem string) error {
	return Refuse(errorv1.Cause_CAUSE_PARAMETER_MALFORMED, field+" "+problem, WithField(field))
}

// RefuseFor converts an error of a domain package: with the error's cause and the reason that
// follows from it, or with the given reason where no cause is known.
func RefuseFor(err error, reason errorv1.Reason, message string, opts ...Option) error {
	opts = append(opts, WithExpected(cause.Expected(err)))
	if found := Named(cause.Of(err)); found != errorv1.Cause_CAUSE_UNSPECIFIED {
		return Refuse(found, message, opts...)
	}
	return New(reason, message, opts...)
}

// Named returns the contract's value of a domain package's cause; UNSPECIFIED for none.
func Named(name cause.Cause) errorv1.Cause {
	return errorv1.Cause(errorv1.Cause_value[causePrefix+string(name)])
}

// NameOf returns the domain packages' name of a cause; empty for UNSPECIFIED.
func NameOf(c errorv1.Cause) cause.Cause {
	if _, known := errorv1.Cause_name[int32(c)]; !known || c == errorv1.Cause_CAUSE_UNSPECIFIED {
		return ""
	}
	return cause.Cause(nameOf(c))
}

// ReasonOf returns the reason that a cause implies; UNSPECIFIED for the cause of a denial, which is
// not an error.
func ReasonOf(cause errorv1.Cause) errorv1.Reason {
	value := cause.Descriptor().Values().ByNumber(cause.Number())
	if value == nil {
		return errorv1.Reason_REASON_UNSPECIFIED
	}
	return reasonAt(value)
}

func reasonAt(value protoreflect.EnumValueDescriptor) errorv1.Reason {
	reason, _ := proto.GetExtension(value.Options(), errorv1.E_Reason).(errorv1.Reason)
	return reason
}

// Cause returns the cause of a refusal. An error without one has the only cause of its reason;
// UNSPECIFIED where the reason has several, and for errors that are not ours.
func Cause(err error) errorv1.Cause {
	st, _ := statusOf(err)
	if name := infoOf(st).GetMetadata()[metaCause]; name != "" {
		return errorv1.Cause(errorv1.Cause_value[causePrefix+name]) // 0 for a cause of a newer release
	}
	if reason := Reason(err); reason != errorv1.Reason_REASON_UNAVAILABLE {
		return onlyCauseOf(reason)
	}
	return errorv1.Cause_CAUSE_DEPENDENCY_UNAVAILABLE // of a peer that is gone, which names no cause
}

// onlyCauseOf returns the cause of a reason that has exactly one.
func onlyCauseOf(reason errorv1.Reason) errorv1.Cause {
	found := errorv1.Cause_CAUSE_UNSPECIFIED
	if reason == errorv1.Reason_REASON_UNSPECIFIED {
		return found
	}
	values := found.Descriptor().Values()
	for i := range values.Len() {
		if reasonAt(values.Get(i)) != reason {
			continue
		}
		if found != errorv1.Cause_CAUSE_UNSPECIFIED {
			return errorv1.Cause_CAUSE_UNSPECIFIED
		}
		found = errorv1.Cause(values.Get(i).Number())
	}
	return found
}

// CauseLabel formats a cause for logs and metrics: `code_expired`. A cause that this release does
// not define is `unspecified`, which bounds the number of labels.
func CauseLabel(cause errorv1.Cause) string {
	if _, known := errorv1.Cause_name[int32(cause)]; !known {
		cause = errorv1.Cause_CAUSE_UNSPECIFIED
	}
	return strings.ToLower(nameOf(cause))
}

// CauseOfLabel returns the cause of a label of CauseLabel; UNSPECIFIED for any other text.
func CauseOfLabel(label string) errorv1.Cause {
	return errorv1.Cause(errorv1.Cause_value[causePrefix+strings.ToUpper(label)])
}

func nameOf(cause errorv1.Cause) string { return strings.TrimPrefix(cause.String(), causePrefix) }
