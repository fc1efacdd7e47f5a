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

// ParseUpload is ParseForm for a form with one file in the field name, which it returns. Where the file
// is too long it redirects back to the page, which says so.
func (f Flow) ParseUpload(w http.ResponseWriter, r *http.Request, from formPage, name string) (file []byte, ok bool) {
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
	parts, err := r.MultipartReader()
	if err != nil {
		f.Pages.Problem(w, r, http.StatusUnsupportedMediaType, "The form could not be read. Go back and try again.")
		return nil, false
	}
	r.PostForm = url.Values{}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		var content []byte
		if err == nil && part.FormName() == name && file == nil {
			file, err = io.ReadAll(part)
		} else if err == nil && part.FormName() == name {
			f.Pages.Problem(w, r, http.StatusBadRequest, "The form could not be read. Go back and try again.") // a second file
			return nil, false
		} else if err == nil {
			content, err = io.ReadAll(io.LimitReader(part, maxField))
			r.PostForm.Add(part.FormName(), string(content))
		}
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			f.redirectTooLong(w, r, from, Flash{Kind: flashFileTooLong, Field: name})
			return nil, false
		}
		if err != nil {
			f.Pages.Problem(w, r, http.StatusBadRequest, "The form could not be read. Go back and try again.")
			return nil, false
		}
	}
	httpx.BeginDeadline(r)
	if !isPlainText(r.PostForm) {
		f.Pages.Problem(w, r, http.StatusBadRequest, "The form could not be read. Go back and try again.")
		return nil, false
	}
	if from.account() && f.Cookies.Session(r).IsZero() {
		redirectToPage(w, r, SignInFor(from.path()))
		return nil, false
	}
	if !f.checkForm(w, r, from) {
		return nil, false
	}
	if len(file) > maxFile {
		f.redirectBack(w, r, from, Flash{Kind: flashFileTooLong, Field: name})
		return nil, false
	}
	return file, true
}
