package flow

import (
	"context"
	"slices"
	"strings"

	"github.com/vidocu/usher/internal/platform/oauth/cause"
)

// checkPrompt reads whether the app wants an answer without any page. All other prompts are what happens anyway: nobody
// is let through unseen.
func checkPrompt(_ context.Context, _ Flow, a *asked) error {
	prompts := strings.Fields(a.value("prompt"))
	if !slices.Contains(prompts, "none") {
		return nil
	}
	if len(prompts) > 1 {
		return invalidRequest(cause.PromptContradictory, "the parameter prompt cannot be none and something else")
	}
	a.silent = true
	return nil
}
