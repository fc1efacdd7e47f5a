// Command strict reads manifests from its input and decodes each into the API's own type: an
// unknown field, or one of another type, is an error. Custom resources have no type here; it lists
// those it left out.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// typed returns the API's type for a kind; nil for a custom resource.
func typed(t metav1.TypeMeta) any {
	return map[string]any{
		"v1 Namespace": &corev1.Namespace{}, "v1 Service": &corev1.Service{}, "v1 ConfigMap": &corev1.ConfigMap{},
		"v1 ServiceAccount": &corev1.ServiceAccount{}, "apps/v1 Deployment": &appsv1.Deployment{}, "batch/v1 Job": &batchv1.Job{},
		"autoscaling/v2 HorizontalPodAutoscaler": &autoscalingv2.HorizontalPodAutoscaler{},
		"policy/v1 PodDisruptionBudget":          &policyv1.PodDisruptionBudget{},
		"networking.k8s.io/v1 NetworkPolicy":     &networkingv1.NetworkPolicy{}, "networking.k8s.io/v1 Ingress": &networkingv1.Ingress{},
	}[t.APIVersion+" "+t.Kind]
}

// custom are the groups whose resources others define.
func custom(apiVersion string) bool {
	group, _, _ := strings.Cut(apiVersion, "/")
	return group == "cert-manager.io" || group == "gateway.networking.k8s.io" || group == "monitoring.coreos.com"
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "strict: "+err.Error())
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	checked, left := 0, 0
	for _, doc := range bytes.Split(text, []byte("\n---\n")) {
		var t metav1.TypeMeta
		if err := yaml.Unmarshal(doc, &t); err != nil {
			return err
		}
		into := typed(t)
		switch {
		case into == nil && custom(t.APIVersion):
			left++
		case into == nil:
			return fmt.Errorf("%s %s is an unknown kind", t.APIVersion, t.Kind)
		default:
			if err := yaml.UnmarshalStrict(doc, into); err != nil {
				return fmt.Errorf("%s: %w", t.Kind, err)
			}
			checked++
		}
	}
	fmt.Fprintf(out, "strict: %d objects fit their types; %d custom resources have none here\n", checked, left)
	return nil
}
