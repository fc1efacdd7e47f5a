module github.com/vidocu/usher/tools/crds

go 1.26.0

// Read for the definitions of the custom resources that the overlays use; nothing of them is compiled.
require (
	github.com/cert-manager/cert-manager v1.21.2
	github.com/prometheus-operator/prometheus-operator v0.85.0
	sigs.k8s.io/gateway-api v1.4.1
)
