package harness

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// minSecret is shorter than any real secret; a shorter text would match by chance.
const minSecret = 12

// RecordSecret records a secret that was sent or received: no log line and no trace may hold it.
func (d *Deployment) RecordSecret(kind, value string) {
	if len(value) < minSecret {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.secrets == nil {
		d.secrets = map[string]string{}
	}
	d.secrets[value] = kind
}

// findSecrets returns the secrets that a text holds, with their offsets. Tens of thousands of
// secrets are searched in hundreds of megabytes: the text is read once, and a secret is compared
// only where its last eight bytes match, because many secrets share a prefix. The function runs in
// one goroutine and is excluded from the race detector, which would slow it down by more than the
// tests themselves take.
//
//go:norace
func findSecrets(text string, secrets map[string]string) map[string]int {
	const suffix = 8 // bytes of a secret's end, fewer than minSecret
	slot := func(end uint64) uint64 { return end * 0x9e3779b97f4a7c15 >> 44 }
	seen, by := make([]bool, 1<<20), map[uint64][]string{}
	for value := range secrets {
		end := binary.LittleEndian.Uint64([]byte(value[len(value)-suffix:]))
		seen[slot(end)], by[end] = true, append(by[end], value)
	}
	found, raw := map[string]int{}, []byte(text)
	for at := suffix; at <= len(raw); at++ {
		end := binary.LittleEndian.Uint64(raw[at-suffix : at])
		if !seen[slot(end)] {
			continue
		}
		for _, value := range by[end] {
			if strings.HasSuffix(text[:at], value) {
				found[value] = at - len(value)
			}
		}
	}
	return found
}

// checkLog returns an error when the log holds a secret, or has no debug lines: without them the
// search would prove nothing.
func (d *Deployment) checkLog() error {
	log, err := d.Log()
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for value, at := range findSecrets(log, d.secrets) {
		line, _, _ := strings.Cut(log[strings.LastIndex(log[:at], "\n")+1:], "\n")
		errs = append(errs, fmt.Errorf("the log of %s holds a %s: %s", d.Name, d.secrets[value], strings.ReplaceAll(line, value, "…")))
	}
	if len(d.secrets) > 0 && !strings.Contains(log, "DEBUG") {
		errs = append(errs, errors.New("the log has no debug lines to search"))
	}
	return errors.Join(errs...)
}
