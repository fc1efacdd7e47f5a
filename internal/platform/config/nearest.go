package config

import (
	"fmt"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth/nearest"
)

// didYouMean proposes the known name that is nearest to a wrong one; empty when none is near.
func didYouMean(wrong string, known []string) string {
	best := nearest.Name(wrong, known, len(strings.TrimPrefix(wrong, Prefix))/3)
	if best == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %s?", best)
}
