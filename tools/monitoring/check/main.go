// Command check prepares the input of promtool, and checks the dashboard against Grafana's own
// types.
//
//	check rules      <PrometheusRule   prints the rule file in it
//	check dashboard  <dashboard.json   prints a rule file with every expression of the dashboard
//	check tested RULES <tests          fails unless every alert of RULES is tested
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"go.yaml.in/yaml/v3"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "check: "+err.Error())
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	switch {
	case len(args) == 1 && args[0] == "rules":
		return rules(text, out)
	case len(args) == 1 && args[0] == "dashboard":
		return expressions(text, out)
	case len(args) == 2 && args[0] == "tested":
		return tested(text, args[1])
	}
	return errors.New("say rules, dashboard or tested")
}

// ruleFile has the part of a rule file that is needed here.
type ruleFile struct {
	Groups []group `yaml:"groups"`
}

type group struct {
	Name  string `yaml:"name"`
	Rules []rule `yaml:"rules"`
}

type rule struct {
	Alert  string `yaml:"alert,omitempty"`
	Record string `yaml:"record,omitempty"`
	Expr   string `yaml:"expr"`
}

// rules extracts the rule file from the custom resource around it.
func rules(text []byte, out io.Writer) error {
	var resource struct {
		Spec yaml.Node `yaml:"spec"`
	}
	if err := yaml.Unmarshal(text, &resource); err != nil {
		return err
	}
	return yaml.NewEncoder(out).Encode(&resource.Spec)
}

// found returns err, or nil where Grafana's types return an empty list of errors.
func found(err error) error {
	var list cog.BuildErrors
	if errors.As(err, &list) && len(list) == 0 {
		return nil
	}
	return err
}

// expressions parses the dashboard strictly and prints its expressions, with Grafana's variables
// filled in.
func expressions(text []byte, out io.Writer) error {
	var strict dashboard.Dashboard
	if err := found(strict.UnmarshalJSONStrict(text)); err != nil {
		return fmt.Errorf("the dashboard is none to Grafana: %w", err)
	}
	if err := found(strict.Validate()); err != nil {
		return fmt.Errorf("the dashboard is not valid: %w", err)
	}
	var d struct {
		Panels []struct {
			Title, Type string
			Targets     []json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return err
	}
	variables := strings.NewReplacer("$__rate_interval", "5m", "$namespace", ".*")
	all := ruleFile{Groups: []group{{Name: "dashboard"}}}
	for _, panel := range d.Panels {
		if panel.Type != "row" && len(panel.Targets) == 0 {
			return fmt.Errorf("the panel %q shows nothing", panel.Title)
		}
		for _, target := range panel.Targets {
			var q prometheus.Dataquery // the dashboard's types leave it to the data source
			if err := found(q.UnmarshalJSONStrict(target)); err != nil {
				return fmt.Errorf("the panel %q: %w", panel.Title, err)
			}
			expr := variables.Replace(q.Expr)
			if strings.Contains(expr, "$") || q.Expr == "" {
				return fmt.Errorf("the panel %q queries %q", panel.Title, q.Expr)
			}
			name := fmt.Sprintf("dashboard:panel:%d", len(all.Groups[0].Rules))
			all.Groups[0].Rules = append(all.Groups[0].Rules, rule{Record: name, Expr: expr})
		}
	}
	return yaml.NewEncoder(out).Encode(all)
}

// tested fails unless every alert has a case in which it fires and one in which it does not.
func tested(text []byte, file string) error {
	have, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var all ruleFile
	if err := yaml.Unmarshal(have, &all); err != nil {
		return err
	}
	var errs []error
	for _, g := range all.Groups {
		for _, r := range g.Rules {
			rings := regexp.MustCompile(`alertname="` + r.Alert + `"\}', value: [1-9]`)
			silent := regexp.MustCompile(`alertname: ` + r.Alert + `\}`)
			if !rings.Match(text) || !silent.Match(text) {
				errs = append(errs, fmt.Errorf("alerts.yaml does not say when %s rings and when it does not", r.Alert))
			}
		}
	}
	return errors.Join(errs...)
}
