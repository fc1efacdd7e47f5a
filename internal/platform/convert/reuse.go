package convert

import (
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
)

// ReuseToProto returns the message's value of a kind of reuse; unspecified for the empty one.
func ReuseToProto(reuse oauth.Reuse) authzv1.Reuse {
	switch reuse {
	case oauth.ReuseSubject:
		return authzv1.Reuse_REUSE_SUBJECT
	case oauth.ReuseFamily:
		return authzv1.Reuse_REUSE_FAMILY
	}
	return authzv1.Reuse_REUSE_UNSPECIFIED
}

// ReuseFromProto returns the kind of reuse of a message's value; empty for an unspecified one.
func ReuseFromProto(reuse authzv1.Reuse) oauth.Reuse {
	switch reuse {
	case authzv1.Reuse_REUSE_SUBJECT:
		return oauth.ReuseSubject
	case authzv1.Reuse_REUSE_FAMILY:
		return oauth.ReuseFamily
	}
	return ""
}
