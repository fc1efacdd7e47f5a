package deploy_test

import (
	"os"
	"regexp"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/vidocu/usher/internal/platform/policy"
)

// scrapeJob is a job of the scrape configuration in docs/telemetry.md.
type scrapeJob struct {
	Name    string `yaml:"job_name"`
	Targets []struct {
		Labels map[string]string `yaml:"labels"`
	} `yaml:"static_configs"`
	Relabel []struct {
		Target string `yaml:"target_label"`
	} `yaml:"relabel_configs"`
}

// labels returns the values that a file compares a label with.
func labels(text []byte, label string) map[string]bool {
	values := map[string]bool{}
	for _, found := range regexp.MustCompile(`\b`+label+`="([^"]*)"`).FindAllSubmatch(text, -1) {
		values[string(found[1])] = true
	}
	return values
}

// TestTheScrapeConfigurationOfThePageHasTheLabelsOfTheAlerts, and the alerts miss every service that
// is gone.
func TestTheScrapeConfigurationOfThePageHasTheLabelsOfTheAlerts(t *testing.T) {
	page, err := os.ReadFile("../../docs/telemetry.md")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := os.ReadFile("../../deploy/k8s/components/monitoring/prometheusrule.yaml")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```yaml scrape\n(.*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatal("docs/telemetry.md has no scrape configuration")
	}
	var config struct {
		Jobs []scrapeJob `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal(block[1], &config); err != nil || len(config.Jobs) != 1 {
		t.Fatalf("%d jobs, %v", len(config.Jobs), err)
	}
	job, given := config.Jobs[0], map[string]bool{}
	for _, target := range job.Targets {
		given[target.Labels["app_kubernetes_io_name"]] = true
	}
	for name := range labels(rules, "job") {
		if name != job.Name {
			t.Errorf("the alerts want the job %s, and the page has %s", name, job.Name)
		}
	}
	wanted := labels(rules, "app_kubernetes_io_name")
	for _, service := range policy.Services() {
		if !given[service] || !wanted[service] {
			t.Errorf("%s: on the page %t, in an alert %t", service, given[service], wanted[service])
		}
	}
	if len(job.Relabel) != 1 || job.Relabel[0].Target != "pod" || len(wanted) == 0 {
		t.Errorf("the page gives the labels %+v", job.Relabel)
	}
}
