package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/oauth"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/source"
	"github.com/vidocu/usher/services/token/internal/grant"
)

// spent returns the hash of the credential that a token request spends.
func spent(req *tokenv1.IssueTokenRequest) secret.Hash {
	switch req.GetGrantType() {
	case oauth.RefreshTokenGrant:
		return secret.Sum(req.GetRefreshToken())
	case oauth.DeviceCodeGrant:
		return secret.Sum(req.GetDeviceCode())
	}
	return secret.Sum(req.GetCode())
}

// noteSource notes from where a credential was spent, if the grant type spends one.
func (s *OAuth) noteSource(ctx context.Context, req *tokenv1.IssueTokenRequest) {
	if oauth.AnyGrantType([]string{req.GetGrantType()}, func(g oauth.GrantType) bool { return g.Spends }) {
		s.Sources.Note(spent(req), source.From(ctx))
	}
}

// warnOfReuse logs a second use of a code or refresh token, which revoked the tokens of the first
// use: it is a theft or a defect of the client, and either way the user has to authorize again.
func (s *OAuth) warnOfReuse(ctx context.Context, req *tokenv1.IssueTokenRequest, err error) {
	var reuse *grant.ReuseError
	if !errors.As(err, &reuse) {
		return
	}
	address, first := source.From(ctx), reuse.First
	attrs := []slog.Attr{
		slog.String("cause", oerr.CauseLabel(oerr.Cause(toStatus(err)))), slog.String("client_id", first.ClientID),
		slog.String("user_id", first.UserID), slog.String("workspace_id", first.WorkspaceID),
		slog.String("source", address), slog.String("same_source", s.sameSource(req, address)),
	}
	if first.Ago > 0 {
		attrs = append(attrs, slog.Duration("after", first.Ago))
	}
	if errors.Is(err, grant.ErrCodeReplayed) {
		s.Logger.LogAttrs(ctx, slog.LevelWarn, "an authorization code was used again: the tokens of its first use were revoked", attrs...)
		return
	}
	if window := retryWindow(first.Ago); window > reuse.RetryWindow {
		attrs = append(attrs, slog.String("hint",
			fmt.Sprintf("looks like parallel refreshes; allow repeats for %[1]s with usher clients update %[2]s --refresh-retry %[1]s",
				window, first.ClientID)))
	}
	revoked := "the client's tokens of this user were revoked"
	if reuse.Revoked == oauth.ReuseFamily {
		revoked = "the tokens of its family were revoked"
	}
	s.Logger.LogAttrs(ctx, slog.LevelWarn, "a rotated refresh token was used again: "+revoked, attrs...)
}

// sameSource returns whether the credential was used from the same address as the first time: yes,
// no, or unknown.
func (s *OAuth) sameSource(req *tokenv1.IssueTokenRequest, address string) string {
	switch same, known := s.Sources.Same(spent(req), address); {
	case !known:
		return "unknown"
	case same:
		return "yes"
	}
	return "no"
}

// retryWindow returns the retry window that would have allowed a repeat at this time after the
// rotation; 0 when it came too late to be one of several concurrent refreshes, or when the time is
// unknown.
func retryWindow(ago time.Duration) time.Duration {
	for _, window := range [...]time.Duration{5 * time.Second, 10 * time.Second, oauth.MaxRefreshRetry} {
		if ago > 0 && ago < window {
			return window
		}
	}
	return 0
}
