package harness

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
)

// StartRefused starts a process that must refuse its settings: those of a running process, changed,
// and on ports of its own. It returns the process's log, and an error if the process became ready.
func (d *Deployment) StartRefused(name string, change func(env map[string]string)) (output string, err error) {
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
		_ = os.Remove(log) // a previous call may have left one
		p, err := start(s.bin, "refused-"+name, d.dir, s.args, env)
		if err != nil {
			return "", err
		}
		if err := p.ready(env["USHER_ADMIN_ADDR"]); err == nil {
			p.kill()
			return "", fmt.Errorf("%s started", name)
		}
		select {
		case <-p.done:
		default:
			p.kill()
			return "", errors.New("the process neither became ready nor exited")
		}
		text, err := os.ReadFile(log)
		return string(text), err
	}
	return "", fmt.Errorf("no process named %s", name)
}

// Secrets returns all recorded secrets, each with its kind.
func (d *Deployment) Secrets() map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.secrets)
}
