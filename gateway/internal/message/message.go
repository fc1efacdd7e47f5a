package message

import (
	"embed"
	"encoding/json"
	"path"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
	"golang.org/x/text/number"
)

//go:embed texts
var files embed.FS

// Languages are the catalogs of all languages, English first.
type Languages struct {
	printers []*Printer
	matcher  language.Matcher
}

// Printer returns texts in one language. It is safe for concurrent use.
type Printer struct {
	tag   language.Tag
	texts map[string]string
	// parts are the texts whose arguments are all strings, which need no rules of the language.
	parts   map[string]parts
	printer *message.Printer
}

// text is an entry of a catalog: a text, or its plural forms by the number that is its first
// argument (CLDR's one and other).
type text struct {
	Plain      string
	One, Other string
}

// UnmarshalJSON is json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	if strings.HasPrefix(string(raw), `"`) {
		return json.Unmarshal(raw, &t.Plain)
	}
	var forms struct{ One, Other string }
	err := json.Unmarshal(raw, &forms)
	t.One, t.Other = forms.One, forms.Other
	return err
}

// Load reads the embedded catalogs. A test loads them, so that it cannot fail at run time.
func Load() *Languages { return build(catalogs()) }

// LoadWithPseudo is Load, and adds the language ar-XB, which is English written from right to left:
// with it, a development server shows what a page is like in such a language.
func LoadWithPseudo() *Languages {
	all := catalogs()
	return build(append(all, pseudo(all[0], all[1])))
}

// source is the catalog of a language.
type source struct {
	tag   language.Tag
	texts map[string]text
}

// catalogs returns the embedded catalogs, English first.
func catalogs() []source {
	var all []source
	for _, tag := range []language.Tag{language.English, language.German} {
		s := source{tag: tag}
		must(json.Unmarshal(read(path.Join("texts", tag.String()+".json")), &s.texts))
		all = append(all, s)
	}
	return all
}

func build(all []source) *Languages {
	builder := catalog.NewBuilder(catalog.Fallback(language.English))
	l := &Languages{}
	var tags []language.Tag
	for _, s := range all {
		p := &Printer{tag: s.tag, texts: map[string]string{}}
		for key, t := range s.texts {
			if t.Other != "" {
				must(builder.Set(s.tag, key, plural.Selectf(1, "%d", plural.One, t.One, plural.Other, t.Other)))
				continue
			}
			p.texts[key] = t.Plain
			must(builder.SetString(s.tag, key, t.Plain))
		}
		l.printers, tags = append(l.printers, p), append(tags, s.tag)
	}
	keys := keysOf(all)
	for i, p := range l.printers {
		p.parts = splitAll(keys, all[i], all[0])
		p.printer = message.NewPrinter(p.tag, message.Catalog(builder))
	}
	l.matcher = language.NewMatcher(tags)
	return l
}

func read(name string) []byte {
	content, err := files.ReadFile(name)
	must(err)
	return content
}

func must(err error) {
	if err != nil {
		panic(err) // the files are embedded
	}
}

// Printers returns the printer of every language, English first.
func (l *Languages) Printers() []*Printer { return l.printers }

// Match returns the printer of the language that fits best: of the first list that names a language
// that exists, in the order of the list's weights (RFC 9110 §12.5.4); English where none does. A list
// that is not well-formed is skipped.
func (l *Languages) Match(lists ...string) *Printer {
	for _, list := range lists {
		if p := l.match(list); p != nil {
			return p
		}
	}
	return l.printers[0]
}

// maxList is the length from which on a list of languages is skipped, in bytes: real ones are much
// shorter.
const maxList = 256

func (l *Languages) match(list string) *Printer {
	if list == "" || len(list) > maxList {
		return nil
	}
	wanted, _, err := language.ParseAcceptLanguage(list)
	if err != nil {
		return nil
	}
	_, index, confidence := l.matcher.Match(wanted...)
	if confidence < language.High {
		return nil
	}
	return l.printers[index]
}

// MatchUILocales returns the tag of the language that fits the parameter ui_locales best, which is a
// list of tags with spaces between them (OpenID Connect Core §3.1.2.1); empty where none does.
func (l *Languages) MatchUILocales(locales string) string {
	if p := l.match(strings.Join(strings.Fields(locales), ",")); p != nil {
		return p.Tag()
	}
	return ""
}

// Tag returns the language's tag (BCP 47).
func (p *Printer) Tag() string { return p.tag.String() }

// RightToLeft reports whether the language is written from right to left.
func (p *Printer) RightToLeft() bool {
	script, _ := p.tag.Script()
	switch script.String() {
	case "Adlm", "Arab", "Hebr", "Nkoo", "Rohg", "Syrc", "Thaa":
		return true
	}
	return false
}

// Text returns the text of a key, which is the English text; the key itself where the catalog does
// not have it, such as a description of an operator's own scope.
func (p *Printer) Text(key string) string {
	if t, found := p.texts[key]; found {
		return t
	}
	return key
}

// Format returns the text of a key with its arguments, as fmt.Sprintf does.
func (p *Printer) Format(key string, args ...any) string {
	if text, ok := p.parts[key].join(args); ok {
		return text
	}
	return p.printer.Sprintf(key, args...)
}

// Percent returns a share, such as 0.5, in percent with at most two digits after the point.
func (p *Printer) Percent(share float64) string {
	return p.printer.Sprint(number.Percent(share, number.MaxFractionDigits(2)))
}
