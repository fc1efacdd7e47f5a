package admin

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"golang.org/x/term"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/vidocu/usher/cmd/usher/internal/table"
)

// print writes a response in the format of --output: the whole message, or a table of it.
func (s *Session) print(response proto.Message, rows table.Rows) error {
	if s.options.Output == "json" {
		return s.json(response)
	}
	cut, err := table.Write(s.Out, rows, s.width())
	if cut {
		fmt.Fprintln(s.Err, "Cut to the width of the terminal: --wide or --output json shows all of it.")
	}
	return err
}

// width is how wide a table may be, in the cells of the terminal; 0 where it is not cut: with --wide, in a file or a pipe.
func (s *Session) width() int {
	file, ok := s.Out.(*os.File)
	if s.options.Wide || !ok {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// rows prints a response as a table.
func rows[Res proto.Message](s *Session, of func(Res) table.Rows) printer {
	return func(response proto.Message) error {
		res, ok := response.(Res)
		if !ok {
			return fmt.Errorf("a %T is not the response of this call", response)
		}
		return s.print(response, of(res))
	}
}

// line prints one line for a response.
func (s *Session) line(format string, args ...any) printer {
	return func(response proto.Message) error {
		return s.print(response, table.Rows{{fmt.Sprintf(format, args...)}})
	}
}

// reveal prints a secret. It is alone on standard output, so that $(usher …) is the secret; the note is on standard error.
func (s *Session) reveal(response proto.Message, secret, note string) error {
	if s.options.Output == "json" {
		return s.json(response)
	}
	fmt.Fprintln(s.Err, table.Harmless(note)+" It is shown only now: keep it.")
	_, err := fmt.Fprintln(s.Out, secret)
	return err
}

// secretOf prints the secret of a response.
func secretOf[Res interface {
	proto.Message
	GetClientSecret() string
}](s *Session, note func(Res) string) printer {
	return func(response proto.Message) error {
		res, ok := response.(Res)
		if !ok {
			return fmt.Errorf("a %T is not the response of this call", response)
		}
		return s.reveal(res, res.GetClientSecret(), note(res))
	}
}

// json writes the message with the contract's names. Every field that has a value or a default is written, and equal messages are
// equal text: protojson alone varies its white space on purpose.
func (s *Session) json(response proto.Message) error {
	raw, err := protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true}.Marshal(response)
	if err != nil {
		return fmt.Errorf("writing the response: %w", err)
	}
	var text bytes.Buffer
	if err := json.Indent(&text, raw, "", "  "); err != nil {
		return fmt.Errorf("writing the response: %w", err)
	}
	text.WriteByte('\n')
	_, err = s.Out.Write(text.Bytes())
	return err
}

// short is the beginning of a hash, long enough to be unique: of a token family's identifier, the object_id of its events in the
// audit trail. It is empty for none.
func short(hash []byte) string {
	const shown = 16
	text := hex.EncodeToString(hash)
	return text[:min(shown, len(text))]
}

// none is printed for an absent value.
const none = "-"

func timestamp(t *timestamppb.Timestamp) string {
	if t == nil {
		return none
	}
	return t.AsTime().UTC().Format(time.RFC3339)
}

func orNone(text string) string { return cmp.Or(text, none) }
