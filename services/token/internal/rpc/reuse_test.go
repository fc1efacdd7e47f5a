package rpc

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/services/token/internal/grant"
	"github.com/vidocu/usher/services/token/internal/usedfrom"
)

// TestTheProposedRetryWindowIsLongerThanTheRepeatTook, and nothing is proposed for a repeat that
// came too late.
func TestTheProposedRetryWindowIsLongerThanTheRepeatTook(t *testing.T) {
	for ago, want := range map[time.Duration]time.Duration{
		0: 0, time.Millisecond: 5 * time.Second, 5 * time.Second: 10 * time.Second, 29 * time.Second: 30 * time.Second, 30 * time.Second: 0,
	} {
		if got := retryWindow(ago); got != want {
			t.Errorf("%s after the rotation %s is proposed, want %s", ago, got, want)
		}
	}
}

// TestFault_D10_TheWarningProposesTheCommand for a client whose window was shorter than the time
// since the rotation; a longer window than the client has already would change nothing.
func TestFault_D10_TheWarningProposesTheCommand(t *testing.T) {
	for window, want := range map[time.Duration]string{
		0:                "allow repeats for 10s with usher clients update vdo_client_x --refresh-retry 10s",
		5 * time.Second:  "allow repeats for 10s with usher clients update vdo_client_x --refresh-retry 10s",
		10 * time.Second: "",
		30 * time.Second: "",
	} {
		var log bytes.Buffer
		s := OAuth{Logger: slog.New(slog.NewTextHandler(&log, nil)), Sources: new(usedfrom.Recent)}
		s.warnOfReuse(t.Context(), &tokenv1.IssueTokenRequest{GrantType: "refresh_token"}, &grant.ReuseError{
			Err: grant.ErrRefreshTokenReused, First: grant.Origin{ClientID: "vdo_client_x", Ago: 6 * time.Second}, RetryWindow: window,
		})
		if got := log.String(); !strings.Contains(got, "level=WARN") || strings.Contains(got, "hint=") != (want != "") || !strings.Contains(got, want) {
			t.Errorf("with a window of %s the line is %s", window, got)
		}
	}
}
