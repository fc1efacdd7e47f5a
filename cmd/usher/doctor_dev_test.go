package main

import (
	"os"
	"strings"
	"testing"

	"github.com/vidocu/usher/cmd/usher/internal/doctor"
)

// TestFault_C9_TheDoctorExaminesADevelopmentServerThatRuns with the settings, databases and sockets that it has.
func TestFault_C9_TheDoctorExaminesADevelopmentServerThatRuns(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("USHER_PUBLIC_URL", "http://localhost:18080") // which production refuses
	t.Setenv("USHER_REDIS_ADDRS", "127.0.0.1:1")           // which `usher dev` does not use
	end := startDev(t)
	findings, r := examine(t, &console{t: t})
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
