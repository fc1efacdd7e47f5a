// The definitions of the custom resources that the overlays use, from the modules that own them; nothing here is compiled.
// go mod tidy would take the requirements out: nothing imports them.
module github.com/vidocu/usher/tools/crds

go 1.26.0

require (
	github.com/cert-manager/cert-manager v1.21.2
	github.com/prometheus-operator/prometheus-operator v0.85.0
	sigs.k8s.io/gateway-api v1.6.3
)
