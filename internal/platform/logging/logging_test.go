package logging_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/vidocu/usher/internal/platform/logging"
	"github.com/vidocu/usher/internal/platform/secret"
)

func TestTheLevelIsTheLeastThatIsWritten(t *testing.T) {
	for level, want := range map[string]int{"debug": 4, "info": 3, "warn": 2, "error": 1} {
		var out bytes.Buffer
		logger, err := logging.New(&out, logging.Config{Level: level, Format: "text"})
		if err != nil {
			t.Fatalf("%s: %v", level, err)
		}
		logger.Debug("d")
		logger.Info("i")
		logger.Warn("w")
		logger.Error("e")
		if got := strings.Count(out.String(), "\n"); got != want {
			t.Errorf("%s writes %d of four lines, want %d", level, got, want)
		}
	}
}

func TestJSONIsOneObjectALine(t *testing.T) {
	var out bytes.Buffer
	logger, err := logging.New(&out, logging.Config{Level: "info", Format: "json"})
	if err != nil {
		t.Fatal(err)
	}
	logger.Info("two\nlines", "count", 3, "token", secret.New("vdo_oat_sentinel"))
	var line struct {
		Level, Msg, Token string
		Count             int
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	if line.Level != "INFO" || line.Msg != "two\nlines" || line.Count != 3 {
		t.Errorf("the line says %+v", line)
	}
	if line.Token != "[redacted]" || strings.Contains(out.String(), "sentinel") {
		t.Errorf("a secret is in the log: %s", out.String())
	}
}

func TestTextHidesSecretsToo(t *testing.T) {
	var out bytes.Buffer
	logger, err := logging.New(&out, logging.Config{Level: "info", Format: "text"})
	if err != nil {
		t.Fatal(err)
	}
	logger.Info("issued", "token", secret.New("vdo_oat_sentinel"), "group", struct{ Token secret.String }{secret.New("vdo_ort_sentinel")})
	if strings.Contains(out.String(), "sentinel") || !strings.Contains(out.String(), "token=[redacted]") {
		t.Errorf("the log says %s", out.String())
	}
}

func TestASettingThatIsNoneIsNamed(t *testing.T) {
	for name, c := range map[string]logging.Config{
		"log.level": {Level: "loud", Format: "json"}, "log.format": {Level: "info", Format: "xml"},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%+v: %v, want an error that names %s", c, err, name)
		}
	}
	if err := (logging.Config{Format: "json"}).Validate(); err == nil {
		t.Error("an empty level passes")
	}
	if err := (logging.Config{Level: "info"}).Validate(); err == nil {
		t.Error("an empty format passes")
	}
	if err := (logging.Config{Level: "warn", Format: "text"}).Validate(); err != nil {
		t.Error(err)
	}
}

type key struct{}

func TestALineSaysWhatItsSourcesKnow(t *testing.T) {
	var out bytes.Buffer
	asked := 0
	logger, err := logging.New(&out, logging.Config{Level: "info", Format: "json"}, func(ctx context.Context) []slog.Attr {
		asked++
		if id, ok := ctx.Value(key{}).(string); ok {
			return []slog.Attr{slog.String("request_id", id)}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	logger.With("service", "token").InfoContext(context.WithValue(t.Context(), key{}, "r1"), "served")
	if line := out.String(); !strings.Contains(line, `"service":"token"`) || !strings.Contains(line, `"request_id":"r1"`) {
		t.Errorf("the line is %s", line)
	}
	out.Reset()
	logger.Info("began")
	if strings.Contains(out.String(), "request_id") {
		t.Errorf("a line of no request names one: %s", out.String())
	}
	asked = 0
	logger.Debug("detail")
	if asked != 0 {
		t.Error("a source was called for a line that is not written")
	}
}
