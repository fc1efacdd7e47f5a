package arch

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// Word is an expression that this repository once used for a term that every Go or OAuth engineer
// already has a word for, and would search for.
type Word struct {
	// Pattern matches the expression in prose, case-insensitively and across line breaks.
	Pattern *regexp.Regexp
	// Instead lists the terms to use, by meaning.
	Instead string
	// Except are phrases that contain the expression and are right.
	Except []string
	// Code is true for an expression that is refused in comments of code and is right in documents
	// and help texts, where "app" is the word that users read on the pages.
	Code bool
}

// Words returns the refused expressions.
func Words() []Word {
	return []Word{
		word(`answer(s|ed|ing)?`, "return, response, reply, respond"),
		word(`whoever|somebody|nobody|anybody|everybody`, "the noun: the caller, the client, the user, the process; no caller, every replica"),
		{
			Pattern: regexp.MustCompile(`(?i)(\A|\n\s*\n|[.:;]\s+)(what|whatever|who|nothing\s+that)\s`),
			Instead: "a sentence whose subject is the noun: the response, the client, the row",
		},
		word(`remember(s|ed|ing)?|forg[eo]t(s|ting|ten)?`, "cache, store, keep; evict, omit"),
		word(`judg(e|es|ed|ing|e?ment)`, "validate, check, decide, compare"),
		word(`tells?|told|telling|hears?|heard`, "return, report, log, notify, receive"),
		word(`keep(s|ing)? (the )?house|kept house|house (is|was) kept|housekeep\w*`, "cleanup, runs cleanup"),
		word(`tak(e|es|ing) the lead|the lead|leads`, "is elected leader, leadership, is the leader"),
		word(`time-outs?`, "timeout"),
		word(`overt(ake|akes|aken|ook)`, "was revoked while the token was being issued"),
		word(`endings`, "revocations"),
		word(`imprint(s|ed)?`, "hash, hashed"),
		code(`figures`, "metrics, numbers"),
		code(`doors?`, "entry point, surface, reverse proxy"),
		code(`desks?`, "service, or the noun of its job"),
		code(`apps?`, "client", "authentication app", "app.kubernetes.io"),
	}
}

func word(pattern, instead string) Word {
	return Word{Pattern: regexp.MustCompile(`(?i)\b(` + strings.ReplaceAll(pattern, " ", `\s+`) + `)\b`), Instead: instead}
}

func code(pattern, instead string, except ...string) Word {
	w := word(pattern, instead)
	w.Code, w.Except = true, except
	return w
}

// Unswept returns the files and folders whose prose still has such expressions. The commit that
// rewrites one removes its line; none is added.
func Unswept() []string {
	return []string{
		"internal/arch/number_test.go", "internal/platform/oauth/oauthtest", "scripts/with-deps.sh", "tools/install.sh",
		"Makefile", "internal/arch/citation.go",
		// The word is right here: it means an authentication app, or the site that a user sees.
		"services/identity", "services/consent/internal/connectedapp/connectedapp.go", "services/token/internal/store/revokesubjects.go",
		"gateway/internal/page/templatedata.go", "gateway/internal/account/account.go", "gateway/gateway_test.go",
		"test/browser", "test/interop/web_test.go", "test/pages/account_test.go", "test/pages/workspaces_test.go",
		"gateway/internal/page/workspace.go", "gateway/internal/workspaces",
		// The command's name.
		"test/endings/doc.go",
		// A field of the contract has that name.
		"services/token/internal/rpc/encode.go",
		"CHANGELOG.md",
	}
}

// PrivateWords reports each refused expression in the comments, documents and help texts below root,
// except in files that skip returns true for.
func PrivateWords(root fs.FS, words []Word, skip func(name string) bool) ([]string, error) {
	var breaches []string
	anyWord := anyOf(words)
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains(notOurs, d.Name()) || d.Name() == "migrations"):
			return fs.SkipDir // migrations are checksummed: even their comments never change
		case d.IsDir() || skip(name):
			return nil
		}
		blocks, err := prose(root, name)
		for _, b := range blocks {
			if anyWord.MatchString(b.text) { // most blocks have none, and one search is faster than one for each word
				breaches = append(breaches, b.refused(words)...)
			}
		}
		return err
	})
	return breaches, err
}

// anyOf matches what the pattern of any word matches.
func anyOf(words []Word) *regexp.Regexp {
	patterns := make([]string, len(words))
	for i, w := range words {
		patterns[i] = "(?:" + w.Pattern.String() + ")"
	}
	return regexp.MustCompile(strings.Join(patterns, "|"))
}

// block is a comment, a document or a help text: its text without comment markers, quotations and
// code. A comment is read by those who change the code, the others by those who run it.
type block struct {
	path    string
	line    int
	text    string
	comment bool
}

func (b block) refused(words []Word) []string {
	var breaches []string
	for _, w := range words {
		if w.Code && !b.comment {
			continue
		}
		text := b.text
		for _, phrase := range w.Except {
			text = strings.ReplaceAll(text, phrase, strings.Repeat("-", len(phrase)))
		}
		for _, at := range w.Pattern.FindAllStringIndex(text, -1) {
			line := b.line + strings.Count(text[:at[1]], "\n")
			found := strings.Join(strings.Fields(strings.TrimLeft(text[at[0]:at[1]], ".:; \n")), " ")
			breaches = append(breaches, fmt.Sprintf("%s:%d: %q: write %s", b.path, line, found, w.Instead))
		}
	}
	return breaches
}
