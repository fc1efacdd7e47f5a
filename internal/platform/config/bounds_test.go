package config_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/internal/platform/config"
)

// bounded has a setting with bounds of every type that can have some.
type bounded struct {
	Count int           `koanf:"count" bounds:"1 or more"`
	Share float64       `koanf:"share" bounds:"0 to 1"`
	Life  time.Duration `koanf:"life" bounds:"24h to 87600h, or 0s"`
	Name  string        `koanf:"name"`
}

func TestAValueIsHeldAgainstItsBounds(t *testing.T) {
	within := bounded{Count: 1, Share: 1, Life: 24 * time.Hour}
	for name, row := range map[string]struct {
		change func(*bounded)
		fault  string
	}{
		"within":              {func(*bounded) {}, ""},
		"the value besides":   {func(b *bounded) { b.Life = 0 }, ""},
		"a nanosecond more":   {func(b *bounded) { b.Life = 87600*time.Hour + 1 }, "life is 87600h0m0.000000001s: give a duration from 24h to 87600h, or 0s"},
		"below the least":     {func(b *bounded) { b.Count = 0 }, "count is 0: give a number of 1 or more"},
		"more than any other": {func(b *bounded) { b.Count = math.MaxInt }, ""},
		"above the most":      {func(b *bounded) { b.Share = 1.5 }, "share is 1.5: give a number from 0 to 1"},
		"not a number":        {func(b *bounded) { b.Share = math.NaN() }, "share is NaN"},
	} {
		b := within
		row.change(&b)
		err := config.OutOfBounds(&b)
		if (err == nil) != (row.fault == "") || err != nil && !strings.HasPrefix(err.Error(), row.fault) {
			t.Errorf("%s: %v, want %q", name, err, row.fault)
		}
	}
	if err := config.OutOfBounds(&struct {
		Name string `koanf:"name" bounds:"a to b"`
	}{}); err == nil {
		t.Error("bounds of a text are accepted")
	}
}
