package oerr_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
	"github.com/vidocu/usher/internal/platform/oauth/cause"
	"github.com/vidocu/usher/internal/platform/oerr"
)

// causes are all causes of the contract.
func causes() []errorv1.Cause {
	var list []errorv1.Cause
	for number := range errorv1.Cause_name {
		if number != 0 {
			list = append(list, errorv1.Cause(number))
		}
	}
	return list
}

func TestFault_D3_ACauseCrossesEveryHopWithItsReason(t *testing.T) {
	for _, cause := range causes() {
		reason := oerr.ReasonOf(cause)
		if reason == errorv1.Reason_REASON_UNSPECIFIED {
			continue // a denial of a request to an API, which is not an error
		}
		token := overTheWire(fmt.Errorf("in authz: %w", oerr.Refuse(cause, "text", oerr.WithClient("vdo_client_abc123"), oerr.WithField("code"))))
		got := overTheWire(fmt.Errorf("in token: %w", token))
		if oerr.Cause(got) != cause || oerr.Reason(got) != reason || oerr.ClientID(got) != "vdo_client_abc123" || oerr.Field(got) != "code" {
			t.Errorf("%s arrives as %s, %s, client %q, field %q", cause, oerr.Cause(got), oerr.Reason(got), oerr.ClientID(got), oerr.Field(got))
		}
		if oerr.Message(got) != "text" || strings.Contains(strings.ToUpper(got.Error()), strings.TrimPrefix(cause.String(), "CAUSE_")) {
			t.Errorf("%s stands in the text: %v", cause, got)
		}
	}
}

// TestFault_D3_EveryCauseSaysWhatToDo: the contract is the one table of causes.
func TestFault_D3_EveryCauseSaysWhatToDo(t *testing.T) {
	for _, cause := range causes() {
		value := cause.Descriptor().Values().ByNumber(cause.Number())
		advice, _ := proto.GetExtension(value.Options(), errorv1.E_Advice).(string)
		if !strings.HasSuffix(advice, ".") || len(advice) < 10 {
			t.Errorf("the advice for %s is %q", cause, advice)
		}
	}
}

// TestFault_D3_DomainPackagesKnowOnlyCausesOfTheContract: the names are defined twice, since domain
// packages import no wire format.
func TestFault_D3_DomainPackagesKnowOnlyCausesOfTheContract(t *testing.T) {
	source, err := os.ReadFile("../oauth/cause/cause.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`Cause = "([A-Z_]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(found) < 50 {
		t.Fatalf("only %d causes were found", len(found))
	}
	for _, m := range found {
		if c := oerr.Named(cause.Cause(m[1])); c == errorv1.Cause_CAUSE_UNSPECIFIED || oerr.NameOf(c) != cause.Cause(m[1]) {
			t.Errorf("%s is not in the contract", m[1])
		}
	}
}

func TestAReasonWithOneCauseNeedNotNameIt(t *testing.T) {
	for reason, want := range map[errorv1.Reason]errorv1.Cause{
		errorv1.Reason_REASON_UNAVAILABLE:  errorv1.Cause_CAUSE_DEPENDENCY_UNAVAILABLE,
		errorv1.Reason_REASON_RATE_LIMITED: errorv1.Cause_CAUSE_RATE_LIMITED,
		errorv1.Reason_REASON_INVALID_CODE: errorv1.Cause_CAUSE_UNSPECIFIED,
	} {
		if got := oerr.Cause(overTheWire(oerr.New(reason, "text"))); got != want {
			t.Errorf("%s has the cause %s, want %s", reason, got, want)
		}
	}
	if got := oerr.Cause(nil); got != errorv1.Cause_CAUSE_UNSPECIFIED {
		t.Errorf("no failure has the cause %s", got)
	}
}

func TestACauseOfANewerReleaseIsUnspecified(t *testing.T) {
	newer := errorv1.Cause(9999)
	if oerr.CauseLabel(newer) != "unspecified" || oerr.ReasonOf(newer) != errorv1.Reason_REASON_UNSPECIFIED {
		t.Errorf("an unknown cause is labelled %s, reason %s", oerr.CauseLabel(newer), oerr.ReasonOf(newer))
	}
	if got := oerr.CauseLabel(errorv1.Cause_CAUSE_CODE_EXPIRED); got != "code_expired" {
		t.Errorf("the label is %s", got)
	}
}
