package harness

import (
	"fmt"
	"maps"
	"strings"
)

// replica is one process of a service, before it starts.
type replica struct {
	service, name     string
	grpc, admin, http string
}

// replicas are in start order: a service comes after those that it calls.
type replicas []replica

// planReplicas chooses ports for n processes of each service.
func planReplicas(n int) (replicas, error) {
	addrs, err := freeAddrs(3 * n * len(services()))
	if err != nil {
		return nil, err
	}
	var all replicas
	for _, service := range services() {
		for i := range n {
			at := addrs[3*len(all):]
			r := replica{service: service, name: service, grpc: at[0], admin: at[1], http: at[2]}
			if i > 0 {
				r.name = fmt.Sprintf("%s-%d", service, i+1)
			}
			all = append(all, r)
		}
	}
	return all, nil
}

// peers returns the setting that lists every replica of a service.
func (rs replicas) peers(service string) string {
	var addrs []string
	for _, r := range rs {
		if r.service == service {
			addrs = append(addrs, r.grpc)
		}
	}
	return strings.Join(addrs, ",")
}

func (rs replicas) public() []string {
	var urls []string
	for _, r := range rs {
		if r.service == "gateway" {
			urls = append(urls, "http://"+r.http)
		}
	}
	return urls
}

// AddGateway starts one more gateway, with the settings of the first and others in their place, and
// returns its public address.
func (d *Deployment) AddGateway(name string, settings map[string]string) (string, error) {
	addrs, err := freeAddrs(3)
	if err != nil {
		return "", err
	}
	for _, s := range d.specs {
		if s.name != "gateway" {
			continue
		}
		s.name, s.admin, s.env = name, addrs[1], maps.Clone(s.env)
		s.env["USHER_GRPC_ADDR"], s.env["USHER_ADMIN_ADDR"], s.env["USHER_HTTP_ADDR"] = addrs[0], addrs[1], addrs[2]
		maps.Copy(s.env, settings)
		d.specs = append(d.specs, s)
		d.PublicURLs = append(d.PublicURLs, "http://"+addrs[2])
		return "http://" + addrs[2], d.StartOne(name)
	}
	return "", fmt.Errorf("%s has no gateway of its own", d.Name)
}
