package config

import (
	"errors"
	"os"
	"strings"
	"sync"

	"github.com/vidocu/usher/internal/platform/secret"
)

// secretFile is a file with a secret, which its owner replaces while the process runs.
type secretFile struct {
	path string

	mu   sync.Mutex
	good string
}

// openSecret reads the file, and returns a secret that reads it again whenever it is revealed.
func openSecret(path string) (secret.String, error) {
	f := &secretFile{path: path}
	var err error
	if f.good, err = f.read(); err != nil {
		return secret.String{}, err
	}
	return secret.Live(f.reveal), nil
}

// reveal returns the current content of the file. While the file is missing or empty for a moment,
// as some tools leave it during a write, it returns the previous content.
func (f *secretFile) reveal() string {
	value, err := f.read()
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		f.good = value
	}
	return f.good
}

func (f *secretFile) read() (string, error) {
	raw, err := os.ReadFile(f.path)
	if err != nil {
		return "", err
	}
	value := strings.TrimRight(string(raw), "\r\n")
	if strings.TrimSpace(value) == "" {
		return "", errors.New(f.path + " is empty: write the secret into it")
	}
	return value, nil
}
