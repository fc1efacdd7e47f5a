package oerr

import (
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

const causePrefix = "CAUSE_"

// Refuse makes the failure of a refusal whose cause is known. Its reason follows from the cause, as the contract says at the
// cause (usher.error.v1.reason), so that one cause never has two responses. The message is as in New.
func Refuse(cause errorv1.Cause, message string, opts ...Option) error {
	return New(ReasonOf(cause), message, append(opts, func(o *options) { o.set(metaCause, nameOf(cause)) })...)
}

// RefuseFor makes the failure that an error of a domain package becomes: with the error's cause and the reason that follows from
// it, or with the given reason where no cause is known.
func RefuseFor(err error, reason errorv1.Reason, message string, opts ...Option) error {
	if found := Named(cause.Of(err)); found != errorv1.Cause_CAUSE_UNSPECIFIED {
		return Refuse(found, message, opts...)
	}
	return New(reason, message, opts...)
}

// Named is the contract's value for a cause that a domain package found; UNSPECIFIED for none.
func Named(name cause.Cause) errorv1.Cause {
	return errorv1.Cause(errorv1.Cause_value[causePrefix+string(name)])
}

// NameOf is what domain packages call a cause; empty for UNSPECIFIED.
func NameOf(c errorv1.Cause) cause.Cause {
	if _, known := errorv1.Cause_name[int32(c)]; !known || c == errorv1.Cause_CAUSE_UNSPECIFIED {
		return ""
	}
	return cause.Cause(nameOf(c))
}

// ReasonOf is the reason that a cause implies; UNSPECIFIED for the cause of a denial, which is no failure.
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

// Cause is why a request was refused. A failure that does not say has the one cause of its reason; UNSPECIFIED where the reason
// has several, and for what is no failure of ours.
func Cause(err error) errorv1.Cause {
	st, _ := statusOf(err)
	if name := infoOf(st).GetMetadata()[metaCause]; name != "" {
		return errorv1.Cause(errorv1.Cause_value[causePrefix+name]) // 0 for one that a newer release knows
	}
	return onlyCauseOf(Reason(err))
}

// onlyCauseOf is the cause of a reason that has exactly one.
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

// CauseLabel is a cause as logs and metrics write it: `code_expired`. One that this release does not know is `unspecified`, so
// that there are few.
func CauseLabel(cause errorv1.Cause) string {
	if _, known := errorv1.Cause_name[int32(cause)]; !known {
		cause = errorv1.Cause_CAUSE_UNSPECIFIED
	}
	return strings.ToLower(nameOf(cause))
}

func nameOf(cause errorv1.Cause) string { return strings.TrimPrefix(cause.String(), causePrefix) }
