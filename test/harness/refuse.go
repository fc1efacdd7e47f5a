package harness

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
)

// Refusal starts a process that must not start: with the settings of one that runs, changed, and on ports of its own. It
// answers what the process said before it ended, and fails if it became ready.
func (d *Deployment) Refusal(name string, change func(env map[string]string)) (said string, err error) {
	for _, s := range d.specs {
		if s.name != name {
			continue
		}
		addrs, err := freeAddrs(3)
		if err != nil {
			return "", err
		}
		env := maps.Clone(s.env)
		env["USHER_GRPC_ADDR"], env["USHER_ADMIN_ADDR"], env["USHER_HTTP_ADDR"] = addrs[0], addrs[1], addrs[2]
		change(env)
		log := filepath.Join(d.dir, "refused-"+name+".log")
		_ = os.Remove(log) // there may be one of the last time
		p, err := start(s.bin, "refused-"+name, d.dir, s.args, env)
		if err != nil {
			return "", err
		}
		if err := p.ready(env["USHER_ADMIN_ADDR"]); err == nil {
			p.kill()
			return "", fmt.Errorf("%s starts", name)
		}
		select {
		case <-p.done:
		default:
			p.kill()
			return "", errors.New("it neither starts nor ends")
		}
		text, err := os.ReadFile(log)
		return string(text), err
	}
	return "", fmt.Errorf("no process is called %s", name)
}

// Secrets are all that Remember noted, each with its kind.
func (d *Deployment) Secrets() map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.secrets)
}
