package harness

import (
	"errors"
	"fmt"
	"strings"
)

// minSecret is shorter than any real secret; anything shorter would be found by chance.
const minSecret = 12

// Remember notes a secret that crossed the wire: no log line may ever hold it.
func (d *Deployment) Remember(kind, value string) {
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

// checkLog fails when the log holds a secret, or nothing at debug level: then it could not have failed.
func (d *Deployment) checkLog() error {
	log, err := d.Log()
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for value, kind := range d.secrets {
		if at := strings.Index(log, value); at >= 0 {
			line, _, _ := strings.Cut(log[strings.LastIndex(log[:at], "\n")+1:], "\n")
			errs = append(errs, fmt.Errorf("the log of %s holds a %s: %s", d.Name, kind, strings.ReplaceAll(line, value, "…")))
		}
	}
	if len(d.secrets) > 0 && !strings.Contains(log, "DEBUG") {
		errs = append(errs, errors.New("the log has no debug lines to search"))
	}
	return errors.Join(errs...)
}
