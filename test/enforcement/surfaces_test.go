package enforcement

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc/codes"

	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	usher "github.com/vidocu/usher/sdk"
	"github.com/vidocu/usher/sdk/enforce"
	"github.com/vidocu/usher/test/expect"
	"github.com/vidocu/usher/test/harness"
)

// decision is what a surface returns: status 200, or the documented denial.
type decision struct {
	status                   int
	code, message, challenge string
}

// surface sends one enforcement surface the credential, method and path of a request.
type surface func(ctx context.Context, token, method, path string) (decision, error)

// surfaces are the four ways in which a platform can enforce tokens: `/v1`, CheckAccess, Envoy's
// service and the SDK.
func surfaces(t *testing.T) map[string]surface {
	t.Helper()
	conn := dial(t, "video-api")
	client := usher.New(conn)
	t.Cleanup(func() { expect.NoError(t, client.Close()) })
	expect.NoError(t, client.Ready(t.Context()))
	return map[string]surface{
		"gateway":     throughTheGateway,
		"CheckAccess": throughCheckAccess(tokenv1.NewAccessServiceClient(conn)),
		"ext_authz":   throughEnvoy(authv3.NewAuthorizationClient(conn)),
		"SDK":         throughTheSDK(client),
	}
}

func throughTheGateway(ctx context.Context, token, method, path string) (decision, error) {
	req, err := http.NewRequestWithContext(ctx, method, shared.deployment.PublicURLs[1]+path, nil)
	if err != nil {
		return decision{}, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	a, err := harness.Send(req)
	if err != nil || a.Status < 300 {
		return decision{status: http.StatusOK}, err
	}
	return decision{a.Status, a.Code(), a.Message(), a.Header.Get("WWW-Authenticate")}, nil
}

func throughCheckAccess(access tokenv1.AccessServiceClient) surface {
	return func(ctx context.Context, token, method, path string) (decision, error) {
		res, err := access.CheckAccess(ctx, &tokenv1.CheckAccessRequest{Token: token, Method: method, Path: path})
		if err != nil || res.GetAllowed() != nil {
			return decision{status: http.StatusOK}, err
		}
		d := res.GetDenied()
		return decision{int(d.GetStatus()), d.GetCode(), d.GetMessage(), d.GetChallenge()}, nil
	}
}

func throughEnvoy(authorization authv3.AuthorizationClient) surface {
	return func(ctx context.Context, token, method, path string) (decision, error) {
		headers := map[string]string{}
		if token != "" {
			headers["authorization"] = "Bearer " + token
		}
		res, err := authorization.Check(ctx, &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
			Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{Method: method, Path: path, Headers: headers}},
		}})
		if err != nil || res.GetStatus().GetCode() == int32(codes.OK) {
			return decision{status: http.StatusOK}, err
		}
		denied := res.GetDeniedResponse()
		var body struct {
			Error struct{ Code, Message string } `json:"error"`
		}
		if err := json.Unmarshal([]byte(denied.GetBody()), &body); err != nil {
			return decision{}, fmt.Errorf("body %q: %w", denied.GetBody(), err)
		}
		v := decision{status: int(denied.GetStatus().GetCode()), code: body.Error.Code, message: body.Error.Message}
		for _, h := range denied.GetHeaders() {
			if strings.EqualFold(h.GetHeader().GetKey(), "WWW-Authenticate") {
				v.challenge = h.GetHeader().GetValue()
			}
		}
		return v, nil
	}
}

func throughTheSDK(client *usher.Client) surface {
	return func(ctx context.Context, token, method, path string) (decision, error) {
		_, err := client.Check(ctx, token, method, path)
		var d *enforce.Denial
		switch {
		case err == nil:
			return decision{status: http.StatusOK}, nil
		case errors.As(err, &d):
			return decision{d.Status, d.Code, d.Message, d.Challenge}, nil
		}
		return decision{}, err
	}
}
