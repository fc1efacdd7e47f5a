#!/usr/bin/env bash
# Holds the alerts and the dashboard against their own tools: promtool reads and runs the rules and every expression of the
# dashboard, and Grafana's own types take the dashboard in, field by field. promtool also reads the scrape configuration of
# docs/telemetry.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
GOWORK=off go -C tools/monitoring build -o "$fresh/check" ./check
"$fresh/check" rules <deploy/k8s/components/monitoring/prometheusrule.yaml >"$fresh/rules.yaml"
"$fresh/check" dashboard <deploy/k8s/components/monitoring/dashboard.json >"$fresh/dashboard.yaml"
cp tools/monitoring/alerts.yaml "$fresh/alerts.yaml"
"$fresh/check" tested "$fresh/rules.yaml" <"$fresh/alerts.yaml"
bin/promtool check rules "$fresh/rules.yaml" "$fresh/dashboard.yaml"
(cd "$fresh" && "$OLDPWD/bin/promtool" test rules alerts.yaml)
awk '/^```yaml scrape$/ { within = 1; next } /^```$/ { within = 0 } within' docs/telemetry.md >"$fresh/scrape.yaml"
bin/promtool check config "$fresh/scrape.yaml"
