package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vidocu/usher/internal/platform/config"
	"github.com/vidocu/usher/internal/platform/policy"
)

// preface is the beginning of docs/configuration.md.
const preface = `# Configuration

Every setting of every process. ` + "`make configuration`" + ` writes this page from the code, and a test fails when it is stale.
` + "`bin/usher config`" + ` prints the same as a list.

Usher reads defaults, then a YAML file (` + "`--config FILE` or `USHER_CONFIG_FILE`" + `), then the environment: each overrides the one before it. One
file and one environment may serve all processes, since each reads its own section and ignores the others'. An unknown key or variable is
an error at the start, with the name that may have been meant; so is an invalid value, and all errors are reported at once. Of the
variables that begin with ` + "`USHER_`" + `, those that Kubernetes sets for a Service of that name and those of
our own tests (` + "`USHER_TEST_`" + `) are ignored.

A value means the same in the file and in a variable, and is valid in both or in neither. A duration has a unit: ` + "`90s`, `15m`, `24h`" + `. A
list has commas between its items, or in the file is a YAML list. ` + "`true` is also `yes`, `on` and `1`" + `. Blanks around a value are not part of it,
and quotes around a variable are. An empty variable, an empty or null value and a section with everything commented out are not
set: the default, or the value in the file, applies.

**Secrets** never stand in the file or on a command line. For ` + "`token.database_url`" + `, a file that holds the secret is named by
` + "`token.database_url_file`" + ` in the settings file or by ` + "`USHER_TOKEN_DATABASE_URL_FILE`" + `; ` + "`USHER_TOKEN_DATABASE_URL`" + ` holds the secret itself. The file
is read again for every new connection, so that a secret is rotated without a restart ([operations](operations.md#rotation)).

**Before a start**, ` + "`token --check-config`" + ` (and the same flag of every process) reads the settings, the secrets, the certificate and the catalog as the
process would, connects to nothing, and prints what is set and from where. It exits with 1 when something is wrong, and reports all errors.
` + "`usher doctor`" + ` also checks the databases, Redis and the services ([command line](cli.md)).

In the tables, **required** is a setting without which the process does not start.
`

// reference returns the text of docs/configuration.md.
func reference() string {
	var b strings.Builder
	b.WriteString(preface)
	all := config.Settings(defaults())
	for _, process := range policy.Services() {
		fmt.Fprintf(&b, "\n## %s\n\nThe settings of [every process](#every-process), and:\n\n", process)
		section(&b, all, process, func(s config.Setting) bool { return s.ReadBy(process) && !shared(s) })
	}
	b.WriteString("\n## Every process\n\n")
	section(&b, all, "", func(s config.Setting) bool { return shared(s) })
	b.WriteString("\n## usher\n\nThe all-in-one and the command line read the settings of all processes, and:\n\n")
	section(&b, all, "usher", func(s config.Setting) bool { return slices.Contains(s.For, "usher") })
	return b.String()
}

// shared reports whether every process reads a setting: it names no process, and is in no process's section.
func shared(s config.Setting) bool {
	return len(s.For) == 0 && !slices.ContainsFunc(policy.Services(), func(p string) bool { return strings.HasPrefix(s.Key, p+".") })
}

// section writes a table of the settings for which include is true.
func section(b *strings.Builder, all []config.Setting, process string, include func(config.Setting) bool) {
	b.WriteString("| setting | variable | default | bounds | what it is |\n| --- | --- | --- | --- | --- |\n")
	for _, s := range all {
		if !include(s) || foreignSection(s, process) {
			continue
		}
		variable := "`" + s.Env + "`"
		if s.Secret {
			variable += ", `" + s.EnvFile() + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", s.Key, variable, standard(s, process), s.Bounds, plain(s.Help))
	}
}

// foreignSection reports whether a setting is in another process's section.
func foreignSection(s config.Setting, process string) bool {
	return slices.ContainsFunc(policy.Services(), func(p string) bool { return p != process && strings.HasPrefix(s.Key, p+".") })
}

// standard returns the default of a setting, or that it is required.
func standard(s config.Setting, process string) string {
	switch {
	case s.Default != "":
		return "`" + s.Default + "`"
	case process == "" && len(s.Required) > 0 || s.RequiredBy(process):
		return "**required**"
	}
	return ""
}

// plain escapes characters of a sentence that Markdown would read as the end of a column or as a tag.
func plain(text string) string { return strings.NewReplacer("|", `\|`, "<", `\<`).Replace(text) }
