package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/vidocu/usher/test/harness"
)

// secrets are what the manifests refer to and never hold.
type secrets struct{ namespace, store, redisPassword string }

// manifest is a Secret.
type manifest struct {
	APIVersion string            `yaml:"apiVersion"`
	Kind       string            `yaml:"kind"`
	Metadata   map[string]string `yaml:"metadata"`
	StringData map[string]string `yaml:"stringData"`
}

// print writes them. The certificates are made here, in the place of cert-manager.
func (s secrets) print(out io.Writer) error {
	dir, err := os.MkdirTemp("", "usher-drive-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	authority, err := harness.NewAuthority(dir)
	if err != nil {
		return err
	}
	list := yaml.NewEncoder(out)
	databases := map[string]string{}
	for _, service := range []string{"identity", "authz", "token", "consent", "gateway"} {
		files, err := certificate(authority, dir, service)
		if err != nil {
			return err
		}
		if err := s.write(list, service+"-tls", files); err != nil {
			return err
		}
		if service == "gateway" {
			continue
		}
		databases[service] = fmt.Sprintf("postgres://postgres@%s:5432/usher_%s?sslmode=disable", s.store, service)
		if err := s.write(list, service+"-database", map[string]string{"url": databases[service]}); err != nil {
			return err
		}
	}
	if err := s.write(list, "migrate-databases", databases); err != nil {
		return err
	}
	if err := s.write(list, "redis", map[string]string{"password": s.redisPassword}); err != nil {
		return err
	}
	return list.Close()
}

func (s secrets) write(list *yaml.Encoder, name string, data map[string]string) error {
	return list.Encode(manifest{"v1", "Secret", map[string]string{"name": name, "namespace": s.namespace}, data})
}

// certificate reads a service's files as cert-manager would name them.
func certificate(authority *harness.Authority, dir, service string) (map[string]string, error) {
	if err := authority.Issue(service); err != nil {
		return nil, err
	}
	data := map[string]string{}
	for key, file := range map[string]string{"tls.crt": service + ".pem", "tls.key": service + ".key", "ca.crt": "ca.pem"} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			return nil, err
		}
		data[key] = string(text)
	}
	return data, nil
}
