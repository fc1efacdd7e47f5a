package refusal

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/vidocu/usher/internal/platform/oerr"
	"github.com/vidocu/usher/internal/platform/telemetry"
)

// Reporter logs and counts refusals.
type Reporter struct {
	Logger  *slog.Logger
	Metrics *telemetry.Metrics
	// Verbose writes each refusal at the level INFO and not at DEBUG.
	Verbose bool
}

// Response is how a request was answered.
type Response struct {
	// Endpoint is the route: never a path that a caller chose.
	Endpoint string
	Status   int
	// Upstream says that the response may be that of the API behind the gateway, whose statuses say nothing of a refusal here.
	Upstream bool
}

// Report counts a refused request and writes its one line. A response that is no error refuses nothing: a handler dealt with what
// was noted.
func (r Reporter) Report(ctx context.Context, res Response) {
	if res.Status < http.StatusMultipleChoices {
		return
	}
	why, noted := From(ctx)
	if !noted && !res.Upstream {
		why, noted = ByStatus(res.Status)
	}
	if !noted {
		return
	}
	r.Metrics.Refused(res.Endpoint, why.Cause)
	level := slog.LevelDebug
	if r.Verbose {
		level = slog.LevelInfo
	}
	if !r.Logger.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("endpoint", res.Endpoint), slog.Int("status", res.Status), slog.String("cause", oerr.CauseLabel(why.Cause)),
	}
	if why.Field != "" {
		attrs = append(attrs, slog.String("field", why.Field))
	}
	if why.ClientID != "" {
		attrs = append(attrs, slog.String("client_id", why.ClientID))
	}
	r.Logger.LogAttrs(ctx, level, "request refused", attrs...)
}
