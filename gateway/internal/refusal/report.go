package refusal

import (
	"context"
	"log/slog"
	"net/http"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// Reporter logs and counts refusals.
type Reporter struct {
	Logger  *slog.Logger
	Metrics *telemetry.Metrics
	// Verbose logs each refusal at the level INFO and not at DEBUG.
	Verbose bool
	// ErrorsPage is the address of the page that explains every cause under an anchor.
	ErrorsPage string
}

// Response describes the response to a request.
type Response struct {
	// Endpoint is the route, which contains no part of the request.
	Endpoint string
	Status   int
	// Upstream is true where the response may be that of the API behind the gateway, whose statuses
	// are not refusals of the gateway.
	Upstream bool
}

// Of returns the refusal that a response stands for: the recorded one, or, without a call to a
// service, that of the status. refused is false for a response that is not an error: its handler has
// handled the recorded refusal; and for the page of an earlier request, which was reported already.
func Of(ctx context.Context, res Response) (r Refusal, refused bool) {
	if res.Status < http.StatusMultipleChoices {
		return Refusal{}, false
	}
	r, refused = FromContext(ctx)
	if !refused && !res.Upstream {
		r, refused = FromStatus(res.Status)
	}
	return r, refused && r.LoggedAs == ""
}

// Report counts and logs a refused request.
func (r Reporter) Report(ctx context.Context, res Response, refusal Refusal) {
	r.Metrics.Refused(res.Endpoint, refusal.Cause)
	level := slog.LevelDebug
	if r.Verbose {
		level = slog.LevelInfo
	}
	if refusal.Logged || !r.Logger.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("endpoint", res.Endpoint), slog.Int("status", res.Status), slog.String("cause", oerr.CauseLabel(refusal.Cause)),
	}
	if refusal.Field != "" {
		attrs = append(attrs, slog.String("field", refusal.Field))
	}
	if refusal.ClientID != "" {
		attrs = append(attrs, slog.String("client_id", refusal.ClientID))
	}
	if refusal.Cause != errorv1.Cause_CAUSE_UNSPECIFIED {
		attrs = append(attrs, slog.String("docs", r.ErrorsPage+"#"+oerr.CauseLabel(refusal.Cause)))
	}
	r.Logger.LogAttrs(ctx, level, "request refused", attrs...)
}
