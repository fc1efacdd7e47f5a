package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vidocu/usher/cmd/usher/internal/doctor"
)

// TestFault_C9_TheDoctorExaminesADevelopmentServerThatRuns with the settings, databases and sockets that it has.
func TestFault_C9_TheDoctorExaminesADevelopmentServerThatRuns(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("USHER_PUBLIC_URL", "http://localhost:18080") // which production refuses
	t.Setenv("USHER_REDIS_ADDRS", "127.0.0.1:1")           // which `usher dev` does not use
	end := startDev(t)
	findings, r := examine(t, &console{t: t})
	for deadline := time.Now().Add(time.Minute); r.status != 0 && strings.Contains(r.out, "NOT_SERVING") && time.Now().Before(deadline); {
		findings, r = examine(t, &console{t: t}) // a service looks at its stores now and then
	}
	if r.status != 0 || r.errors != "" {
		t.Errorf("it ends with %+v", r)
	}
	for check, want := range map[string]doctor.State{
		"settings": doctor.OK, "certificate": doctor.Skipped, "certificate authority": doctor.Skipped, "redis": doctor.Skipped,
		"catalog": doctor.OK, "trusted proxies": doctor.Skipped,
		"identity database": doctor.OK, "authz database": doctor.OK, "token database": doctor.OK, "consent database": doctor.OK,
		"identity service": doctor.OK, "authz service": doctor.OK, "token service": doctor.OK, "consent service": doctor.OK,
	} {
		if f := findings[check]; f.State != want || f.Fix != "" {
			t.Errorf("%s: %+v, want it %s and nothing to do", check, f, want)
		}
	}
	if err := end(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	if _, r := examine(t, &console{t: t}); r.status != 1 {
		t.Errorf("where nothing runs the settings are those of production: %+v", r)
	}
}

// TestTheDigestsOfOneCatalogAreEqual in `catalog show`, `catalog check` and the doctor, with the scopes of OpenID Connect that
// `usher dev` adds; and `catalog check` adds them by the setting where no service runs.
func TestTheDigestsOfOneCatalogAreEqual(t *testing.T) {
	file, err := filepath.Abs("../../internal/platform/catalog/default.yaml")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	end := startDev(t)
	d := &console{t: t}
	digest := func(args ...string) string {
		fields := strings.Fields(d.run("", args...).out)
		if len(fields) == 0 {
			t.Fatalf("%v prints nothing", args)
		}
		return fields[len(fields)-1]
	}
	used := digest("catalog", "show")
	if got := digest("catalog", "check", file); got != used {
		t.Errorf("check has %s, show %s", got, used)
	}
	findings, _ := examine(t, d)
	if text := findings["catalog"].Text; !strings.HasSuffix(text, used[:12]) {
		t.Errorf("the doctor has %q, show %s", text, used)
	}
	if err := end(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	if got := digest("catalog", "check", file); got == used {
		t.Error("without the setting, check has the scopes of OpenID Connect")
	}
	t.Setenv("USHER_OPENID", "true")
	if got := digest("catalog", "check", file); got != used {
		t.Errorf("with the setting, check has %s, the services %s", got, used)
	}
	findings, _ = examine(t, d)
	if text := findings["catalog"].Text; !strings.HasSuffix(text, used[:12]) {
		t.Errorf("with the setting, the doctor has %q, the services %s", text, used)
	}
}

// TestFault_C9_ADevelopmentServerThatWasKilledIsWrong, and the finding says to start it.
func TestFault_C9_ADevelopmentServerThatWasKilledIsWrong(t *testing.T) {
	d := newConsole(t)
	if err := os.Remove("data/operator/authz.sock"); err != nil {
		t.Fatal(err)
	}
	findings, r := examine(t, d)
	if f := findings["authz service"]; r.status != 1 || f.State != doctor.Wrong || f.Fix == "" {
		t.Errorf("it found %+v and ends with %d", f, r.status)
	}
}

// TestFault_C10_TheFirstCommandsOfTheAllInOneRun: `usher dev`, and in the same folder the commands without any setting.
func TestFault_C10_TheFirstCommandsOfTheAllInOneRun(t *testing.T) {
	t.Chdir(t.TempDir())
	end := startDev(t)
	d := &console{t: t}
	if r := d.run("", "users", "list"); r.status != succeeded || r.errors != "" || !strings.Contains(r.out, "john.doe@gmail.com") {
		t.Errorf("%+v", r)
	}
	if r := d.run("", "clients", "disable", "vdo_client_abc123", "--dry-run"); r.status != succeeded || r.out != "would end 0 grants of 0 users to vdo_client_abc123\n" {
		t.Errorf("%+v", r)
	}
	if err := end(); err != nil {
		t.Errorf("it ends with %v", err)
	}
}
