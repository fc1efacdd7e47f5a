package main

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
)

// keyFile is a file of keys in the console's folder; the service validates its content.
const (
	keyFile = "keys.json"
	keySet  = `{"keys": []}`
)

// keyCommands are those on the keys of clients.
func keyCommands() []command {
	at := timestamppb.New(at.AsTime())
	registered := &authzv1.Registration{
		Client:                  &authzv1.Client{ClientId: "vdo_client_a", Name: "An App", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL},
		TokenEndpointAuthMethod: "private_key_jwt", TokenEndpointAuthSigningAlg: "ES256",
		Keys: []*authzv1.ClientKey{
			{Kid: "k2", Name: "laptop", Kty: "EC", CreateTime: at, LastUseTime: at}, {Kid: "k1", Name: "k1", Kty: "RSA", ExpireTime: at},
		},
	}
	published := &authzv1.Registration{Client: registered.GetClient(), JwksUri: "https://a.example/keys"}
	shown := []string{
		"confidential, private_key_jwt", "ES256", "k2 (laptop), EC, last used 2026-11-24T06:30:00Z", "k1, RSA, until 2026-11-24T06:30:00Z, not used",
	}
	return []command{
		{
			"clients create App --jwks " + keyFile + " --signing-alg ES256 --redirect-uri https://a.example/ --scope videos:read", "", "CreateClient",
			&authzv1.CreateClientRequest{
				Name: "App", Type: authzv1.ClientType_CLIENT_TYPE_CONFIDENTIAL, RedirectUris: []string{"https://a.example/"}, Scopes: []string{"videos:read"},
				Jwks: keySet, TokenEndpointAuthSigningAlg: "ES256",
			},
			&authzv1.CreateClientResponse{Registration: registered},
			[]string{"confidential, private_key_jwt"},
		},
		{
			"clients show vdo_client_a", "", "FindClient", &authzv1.FindClientRequest{ClientId: "vdo_client_a"},
			&authzv1.FindClientResponse{Registration: registered}, shown,
		},
		{
			"clients update vdo_client_a --jwks-uri https://a.example/keys --any-signing-alg", "", "UpdateClient",
			&authzv1.UpdateClientRequest{ClientId: "vdo_client_a", JwksUri: "https://a.example/keys", TokenEndpointAuthSigningAlg: proto.String("")},
			&authzv1.UpdateClientResponse{Registration: published},
			[]string{"JWKS URI", "https://a.example/keys"},
		},
		{
			"clients keys add vdo_client_a --jwks " + keyFile + " --name laptop --expires-in 1h", "", "AddClientKey",
			&authzv1.AddClientKeyRequest{ClientId: "vdo_client_a", Jwk: keySet, Name: "laptop", LifetimeSeconds: 3600},
			&authzv1.AddClientKeyResponse{Registration: registered}, shown,
		},
		{
			"clients keys update vdo_client_a k1 --no-expiry", "", "UpdateClientKey",
			&authzv1.UpdateClientKeyRequest{ClientId: "vdo_client_a", Kid: "k1", LifetimeSeconds: proto.Int64(0)},
			&authzv1.UpdateClientKeyResponse{Registration: registered}, shown,
		},
		{
			"clients keys update vdo_client_a k1 --name old --expires-in 60s", "", "UpdateClientKey",
			&authzv1.UpdateClientKeyRequest{ClientId: "vdo_client_a", Kid: "k1", Name: proto.String("old"), LifetimeSeconds: proto.Int64(60)},
			&authzv1.UpdateClientKeyResponse{Registration: registered}, shown,
		},
		{
			"clients keys remove vdo_client_a k1", "", "RemoveClientKey", &authzv1.RemoveClientKeyRequest{ClientId: "vdo_client_a", Kid: "k1"},
			&authzv1.RemoveClientKeyResponse{Registration: registered}, shown,
		},
		{
			"clients rotate-secret vdo_client_a --replace-keys", "", "RotateClientSecret",
			&authzv1.RotateClientSecretRequest{ClientId: "vdo_client_a", OverlapSeconds: 86400, ReplaceKeys: true},
			&authzv1.RotateClientSecretResponse{ClientSecret: "secret-once"}, nil,
		},
	}
}

func TestN6_6_WrongUsageOfKeysMakesNoCall(t *testing.T) {
	d := newConsole(t)
	for _, args := range []string{
		"clients create App --jwks " + keyFile + " --jwks-uri https://a.example/keys", "clients create App --signing-alg HS256",
		"clients update vdo_client_a --jwks " + keyFile + " --jwks-uri https://a.example/keys", "clients update vdo_client_a --signing-alg ES256 --any-signing-alg",
		"clients keys add vdo_client_a", "clients keys add vdo_client_a --jwks " + keyFile + " --expires-in 1ms", "clients keys update vdo_client_a k1",
		"clients keys update vdo_client_a k1 --expires-in 1h --no-expiry", "clients keys remove vdo_client_a",
	} {
		if r := d.run("", strings.Fields(args)...); r.status != wrongUsage || len(d.called) > 0 {
			t.Errorf("%q: %+v, called %v", args, r, d.called)
		}
	}
	if r := d.run("", "clients", "create", "App", "--jwks", keyFile+"-none"); r.status != failed || len(d.called) > 0 {
		t.Errorf("a file that is not there: %+v", r)
	}
}
