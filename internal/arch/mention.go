package arch

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// namedBelow are the directories whose paths pages name between backticks.
const namedBelow = `cmd|deploy|docs|examples|gateway|internal|proto|scripts|sdk|services|test|tools`

// pattern holds what pages name; the first group is the name.
type pattern struct {
	what  string
	find  *regexp.Regexp
	known func(name string) bool
}

// Unknown lists what pages name and the repository does not have: files, targets of make, settings and metrics. The
// changelog, the upgrade notes and the security cases also name what is gone, or what other programs have.
func Unknown(texts []Text) []string {
	patterns, exempt := patterns(texts), []string{"CHANGELOG.md", "UPGRADE.md", "docs/security-cases.md"}
	var breaches []string
	for _, t := range texts {
		if !t.IsPage() || slices.Contains(exempt, t.Path) {
			continue
		}
		for _, p := range patterns {
			for _, found := range p.find.FindAllStringSubmatch(t.Body, -1) {
				if !p.known(found[1]) {
					breaches = append(breaches, fmt.Sprintf("%s names the %s %s, which is not there", t.Path, p.what, found[1]))
				}
			}
		}
	}
	return breaches
}

func patterns(texts []Text) []pattern {
	bodies, places, words := map[string]string{}, map[string]bool{}, map[string]bool{}
	for _, t := range texts {
		bodies[t.Path] = t.Body
		if !t.IsPage() {
			for _, word := range strings.FieldsFunc(t.Body, func(c rune) bool { return c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
				words[word] = true
			}
		}
		for place := t.Path; place != "."; place = path.Dir(place) {
			places[place] = true
		}
	}
	settings, metrics := bodies["docs/configuration.md"], bodies["docs/telemetry.md"]
	sections := regexp.MustCompile("(?m)^\\| `([a-z]+)\\.").FindAllStringSubmatch(settings, -1)
	section := map[string]bool{}
	for _, s := range sections {
		section[s[1]] = true
	}
	return []pattern{
		{"file", regexp.MustCompile("`((?:" + namedBelow + ")/[\\w./-]*\\w)/?`"), func(name string) bool { return places[name] }},
		{"target of make", regexp.MustCompile("`make ([a-z][a-z0-9-]*)"), func(name string) bool {
			return regexp.MustCompile(`(?m)^` + name + `:`).MatchString(bodies["Makefile"])
		}},
		{"setting", regexp.MustCompile("`([a-z]+\\.[a-z_]+)[`:]"), func(name string) bool {
			head, _, _ := strings.Cut(name, ".")
			return !section[head] || strings.Contains(settings, "`"+name+"`") || strings.Contains(settings, "`"+name+"_file`")
		}},
		{"variable", regexp.MustCompile(`\b(USHER_[A-Z_]*[A-Z])\b`), func(name string) bool {
			return strings.Contains(settings, "`"+name) || strings.HasPrefix(name, "USHER_TEST_")
		}},
		{"type", regexp.MustCompile(`\b(usher\.[a-z]+\.v1\.[A-Z]\w+)`), func(name string) bool {
			parts := strings.Split(strings.TrimSuffix(name, "Grpc"), ".") // Java's class for a service
			declared := regexp.MustCompile(`(?m)^(?:service|message|enum) ` + parts[3] + ` \{`)
			for file, body := range bodies {
				if path.Dir(file) == "proto/usher/"+parts[1]+"/v1" && declared.MatchString(body) {
					return true
				}
			}
			return false
		}},
		{"name", regexp.MustCompile("`(?:[a-z]+\\.)?([A-Z][a-z]+(?:[A-Z][a-z]+)+)`"), func(name string) bool { return words[name] }},
		{"alert", regexp.MustCompile("`(Usher[A-Z][a-z]\\w+)`"), func(name string) bool {
			return strings.Contains(bodies["deploy/k8s/components/monitoring/prometheusrule.yaml"], "alert: "+name+"\n")
		}},
		{"metric", regexp.MustCompile(`\b(usher_[a-z_]+_[a-z_]+)\b`), func(name string) bool {
			return strings.Contains(metrics, "`"+name+"`") || name == "usher_browser"
		}},
	}
}

// Unlinked lists the links of pages that lead nowhere: to a file that is not in the repository, or to a heading that its page does
// not have.
func Unlinked(texts []Text) []string {
	headings, places := map[string][]string{}, map[string]bool{}
	for _, t := range texts {
		for place := t.Path; place != "."; place = path.Dir(place) {
			places[place] = true
		}
		if t.IsPage() {
			for _, h := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(t.Body, -1) {
				headings[t.Path] = append(headings[t.Path], anchor(h[1]))
			}
		}
	}
	var breaches []string
	for _, t := range texts {
		if !t.IsPage() {
			continue
		}
		for _, link := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(t.Body, -1) {
			file, heading, _ := strings.Cut(link[1], "#")
			target := path.Join(path.Dir(t.Path), file)
			if file == "" {
				target = t.Path
			}
			switch {
			case strings.Contains(file, ":"): // elsewhere
			case !places[target]:
				breaches = append(breaches, fmt.Sprintf("%s links to %s, which is not in the repository", t.Path, file))
			case heading != "" && path.Ext(target) == ".md" && !slices.Contains(headings[target], heading):
				breaches = append(breaches, fmt.Sprintf("%s links to %s#%s, a heading that is not there", t.Path, target, heading))
			}
		}
	}
	return breaches
}

// anchor is how a heading is linked to: lower case, words with dashes between, nothing else.
func anchor(heading string) string {
	kept := regexp.MustCompile(`[^\w\- ]`).ReplaceAllString(strings.ToLower(heading), "")
	return strings.ReplaceAll(kept, " ", "-")
}
