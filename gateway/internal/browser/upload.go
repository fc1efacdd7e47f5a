package browser

import (
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/vidocu/usher/gateway/internal/httpx"
)

const (
	// maxFile is the maximum length of a file that is uploaded, in bytes; every page says it.
	maxFile = 64 << 10
	// maxUpload is that of the body of an upload: the file, and the rest of the form.
	maxUpload = maxFile + 16<<10
	// maxField is that of its other fields.
	maxField = 1 << 10
)

var errSecondFile = errors.New("a form has two files")

// ParseUpload is ParseForm for a form with one file in the field name, which it returns. Where the file
// is too long it redirects back to the page, which says so.
func (f Flow) ParseUpload(w http.ResponseWriter, r *http.Request, from formPage, name string) (file []byte, ok bool) {
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
	parts, err := r.MultipartReader()
	if err != nil {
		f.Pages.Problem(w, r, http.StatusUnsupportedMediaType, textUnreadable)
		return nil, false
	}
	r.PostForm = url.Values{}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) && isPlainText(r.PostForm) {
			break
		}
		var content []byte
		switch {
		case err != nil: // also the end of a form that is not plain text
		case part.FormName() != name:
			content, err = io.ReadAll(io.LimitReader(part, maxField))
			r.PostForm.Add(part.FormName(), string(content))
		case file == nil:
			file, err = io.ReadAll(part)
		default:
			err = errSecondFile
		}
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			f.redirectTooLong(w, r, from, Flash{Kind: flashFileTooLong, Field: name})
			return nil, false
		}
		if err != nil {
			f.showUnreadable(w, r)
			return nil, false
		}
	}
	httpx.BeginDeadline(w, r)
	if !f.checkForm(w, r, from) {
		return nil, false
	}
	if len(file) > maxFile {
		f.redirectBack(w, r, from, Flash{Kind: flashFileTooLong, Field: name})
		return nil, false
	}
	return file, true
}
