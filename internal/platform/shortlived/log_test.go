package shortlived_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"

	"github.com/vidocu/usher/internal/platform/shortlived"
)

// lines collects log lines.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write is io.Writer.
func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// TestFault_C6_WhatTheClientLibraryReportsIsALineOfOurs: it wrote plain text to standard error.
func TestFault_C6_WhatTheClientLibraryReportsIsALineOfOurs(t *testing.T) {
	var log lines
	store := open(t, shortlived.RedisConfig{
		Addrs: []string{"127.0.0.1:1"}, MasterName: "none", Logger: slog.New(slog.NewJSONHandler(&log, nil)),
	})
	if err := store.Ping(t.Context()); err == nil {
		t.Fatal("a Sentinel responded that does not exist")
	}
	log.mu.Lock()
	defer log.mu.Unlock()
	var line struct{ Msg, Report string }
	if err := json.NewDecoder(&log.text).Decode(&line); err != nil || line.Msg == "" || line.Report == "" {
		t.Errorf("the first line is %+v, %v", line, err)
	}
}
