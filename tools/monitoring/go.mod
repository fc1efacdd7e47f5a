module github.com/vidocu/usher/tools/monitoring

go 1.26.0

require (
	github.com/grafana/grafana-foundation-sdk/go v0.0.18
	go.yaml.in/yaml/v3 v3.0.6
)
