package authz_test

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	errorv1 "github.com/vidocu/usher/gen/usher/error/v1"
)

func described() *authzv1.CreateClientRequest {
	req := registration()
	req.Publisher, req.Purpose = " Northwind Labs GmbH ", "Writes captions"
	req.ClientUri, req.PolicyUri, req.TosUri = "https://northwind.example", "https://northwind.example/privacy", "https://northwind.example/terms"
	req.OptionalScopes = []string{"export:write"}
	return req
}

func TestAClientIsRegisteredWithItsIdentity(t *testing.T) {
	b := newBench(t)
	id, _ := b.register(t, described())
	operator := b.operator(t)
	want := &authzv1.AppIdentity{
		Publisher: "Northwind Labs GmbH", Purpose: "Writes captions", Verified: true,
		ClientUri: "https://northwind.example", PolicyUri: "https://northwind.example/privacy", TosUri: "https://northwind.example/terms",
	}
	read := func(what string, optional ...string) {
		t.Helper()
		res, err := operator.FindClient(t.Context(), &authzv1.FindClientRequest{ClientId: id})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, res.GetRegistration().GetIdentity(), protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
		if diff := cmp.Diff(optional, res.GetRegistration().GetOptionalScopes()); diff != "" {
			t.Errorf("%s: optional scopes (-want +got):\n%s", what, diff)
		}
	}
	read("as registered", "export:write")
	for _, change := range []*authzv1.UpdateClientRequest{
		{Purpose: proto.String("Writes better captions")},
		{PolicyUri: proto.String("")},
		{Unverified: proto.Bool(true)},
	} {
		change.ClientId = id
		if _, err := operator.UpdateClient(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	want.Purpose, want.PolicyUri, want.Verified = "Writes better captions", "", false
	read("as changed", "export:write")
	if _, err := operator.UpdateClient(t.Context(), &authzv1.UpdateClientRequest{ClientId: id, ClearOptionalScopes: true}); err != nil {
		t.Fatal(err)
	}
	read("without optional scopes")
}

func TestAnIdentityThatMisleadsIsRefused(t *testing.T) {
	b := newBench(t)
	operator := b.operator(t)
	id, _ := b.register(t, described())
	for _, row := range []struct{ field, value string }{
		{"publisher", "Vidocu"},
		{"publisher", "Vіdocu Inc"},
		{"publisher", "a\u202eb"},
		{"publisher", strings.Repeat("x", 101)},
		{"purpose", "two\nlines"},
		{"purpose", strings.Repeat("x", 141)},
		{"client_uri", "http://northwind.example"},
		{"client_uri", "javascript:alert(1)"},
		{"client_uri", "https://"},
		{"client_uri", "https://a@b.example/"},
		{"policy_uri", "https://a.example/ b"},
		{"policy_uri", "//evil.example"},
		{"policy_uri", "https://a.example/\u202e"},
		{"tos_uri", "data:text/html,x"},
		{"tos_uri", "https://a.example/" + strings.Repeat("x", 2048)},
		{"tos_uri", "https://a.example/\"onclick="},
	} {
		create, update := described(), &authzv1.UpdateClientRequest{ClientId: id}
		for _, m := range []proto.Message{create, update} {
			r := m.ProtoReflect()
			r.Set(r.Descriptor().Fields().ByName(protoreflect.Name(row.field)), protoreflect.ValueOfString(row.value))
		}
		_, err := operator.CreateClient(t.Context(), create)
		wantFieldReason(t, "CreateClient with "+row.value, err, row.field)
		_, err = operator.UpdateClient(t.Context(), update)
		wantFieldReason(t, "UpdateClient with "+row.value, err, row.field)
	}
	own := described()
	own.Publisher, own.AllowReservedName = "Vidocu", true
	if _, err := operator.CreateClient(t.Context(), own); err != nil {
		t.Errorf("the operator's own publisher: %v", err)
	}
	for what, optional := range map[string][]string{"not the client's": {"jobs:read"}, "unknown": {"nope"}, "twice": {"export:write", "export:write"}} {
		req := described()
		req.OptionalScopes = optional
		_, err := operator.CreateClient(t.Context(), req)
		wantFieldReason(t, "an optional scope that is "+what, err, "optional_scopes")
	}
}

func TestALogoIsServedByItsHash(t *testing.T) {
	b := newBench(t)
	id, _ := b.register(t, described())
	operator := b.operator(t)
	logos := authzv1.NewLogoServiceClient(dial(t, b.network, "gateway", "authz"))
	var upload bytes.Buffer
	if err := png.Encode(&upload, image.NewGray(image.Rect(0, 0, 32, 32))); err != nil {
		t.Fatal(err)
	}
	set, err := operator.SetClientLogo(t.Context(), &authzv1.SetClientLogoRequest{ClientId: id, Image: upload.Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	hash := set.GetRegistration().GetIdentity().GetLogo()
	res, err := logos.GetLogo(t.Context(), &authzv1.GetLogoRequest{Hash: hash})
	if err != nil || !bytes.HasPrefix(res.GetPng(), []byte("\x89PNG")) {
		t.Errorf("the logo %q: %v", hash, err)
	}
	_, err = operator.SetClientLogo(t.Context(), &authzv1.SetClientLogoRequest{ClientId: id, Image: []byte("<svg>")})
	wantFieldReason(t, "an SVG", err, "image")
	if _, err := operator.SetClientLogo(t.Context(), &authzv1.SetClientLogoRequest{ClientId: id}); err != nil {
		t.Fatal(err)
	}
	for _, unknown := range []string{hash, "", strings.Repeat("0", 64), "' OR 1=1"} {
		_, err := logos.GetLogo(t.Context(), &authzv1.GetLogoRequest{Hash: unknown})
		wantReason(t, "GetLogo "+unknown, err, errorv1.Reason_REASON_NOT_FOUND)
	}
	_, err = operator.SetClientLogo(t.Context(), &authzv1.SetClientLogoRequest{ClientId: "vdo_client_nope"})
	wantReason(t, "SetClientLogo of an unknown client", err, errorv1.Reason_REASON_NOT_FOUND)
}
