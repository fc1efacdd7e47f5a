package browser

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/vidocu/usher/internal/platform/oerr"
)

// RefusedForm returns the flash of a form whose input a service refused: the input without credentials, and
// what the service said.
func RefusedForm(kind FlashKind, r *http.Request, err error) Flash {
	form := url.Values{}
	for name, values := range r.PostForm {
		if name != "csrf_token" && name != "client_secret" {
			form[name] = values
		}
	}
	return Flash{Kind: kind, Field: oerr.Field(err), Detail: oerr.Message(err), Typed: form.Encode()}
}

// Input returns the input of the form that was refused; empty where none was.
func (f Flash) Input() url.Values {
	form, _ := url.ParseQuery(f.Typed) // it is what RefusedForm encoded, or empty
	return form
}

// pack returns the flash as a cookie holds it, without the longest values of the input where it is too
// long.
func (f Flash) pack() string {
	for {
		payload, err := json.Marshal(f) //nolint:gosec // a new secret goes to the browser that created it, once
		if err != nil {
			panic(err) // strings and numbers always encode
		}
		text := pack(payload)
		if len(text) <= maxPackedFlash || f.Typed == "" {
			return text
		}
		f.dropLongest()
	}
}

// dropLongest drops the longest value of the input.
func (f *Flash) dropLongest() {
	form, longest, most := f.Input(), "", -1
	for name, values := range form {
		length := 0
		for _, value := range values {
			length += len(value)
		}
		if length > most {
			longest, most = name, length
		}
	}
	delete(form, longest)
	f.Typed, f.Lost = form.Encode(), true
}
