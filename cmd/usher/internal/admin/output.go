package admin

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// table is an answer in lines and columns; the first line is its head.
type table [][]string

func (t *table) add(cells ...string) { *t = append(*t, cells) }

// print writes an answer as the caller wants it: the whole message, or a table of it.
func (s *Session) print(answer proto.Message, t table) error {
	if s.options.Output == "json" {
		return s.json(answer)
	}
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	for _, row := range t {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = harmless(cell)
		}
		if _, err := fmt.Fprintln(w, strings.Join(cells, "\t")); err != nil {
			return err
		}
	}
	return w.Flush()
}

// done writes one line where the answer has nothing in it.
func (s *Session) done(answer proto.Message, format string, args ...any) error {
	return s.print(answer, table{{fmt.Sprintf(format, args...)}})
}

// reveal writes a secret alone to standard output, so that $(usher …) is the secret, and what it is beside it.
func (s *Session) reveal(answer proto.Message, secret, note string) error {
	if s.options.Output == "json" {
		return s.json(answer)
	}
	fmt.Fprintln(s.Err, harmless(note)+" It is shown this once: keep it now.")
	_, err := fmt.Fprintln(s.Out, secret)
	return err
}

// json writes the message with the contract's names. Every field that has a value or a default is there, and the same message
// is the same text: protojson alone varies its blanks on purpose.
func (s *Session) json(answer proto.Message) error {
	raw, err := protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true}.Marshal(answer)
	if err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	var text bytes.Buffer
	if err := json.Indent(&text, raw, "", "  "); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	text.WriteByte('\n')
	_, err = s.Out.Write(text.Bytes())
	return err
}

// harmless keeps a name that somebody chose from steering the terminal or breaking the table.
func harmless(cell string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, cell)
}

// short is the beginning of a hash, as the JSON output writes it: enough to tell one from another. It is empty for none.
func short(hash []byte) string {
	const shown = 12
	if text := base64.StdEncoding.EncodeToString(hash); len(text) > shown {
		return text[:shown]
	}
	return base64.StdEncoding.EncodeToString(hash)
}

// none stands for what is absent.
const none = "-"

func when(t *timestamppb.Timestamp) string {
	if t == nil {
		return none
	}
	return t.AsTime().UTC().Format(time.RFC3339)
}

func orNone(text string) string {
	if text == "" {
		return none
	}
	return text
}
