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
	"github.com/vidocu/usher/test/harness"
)

// verdict is what a door says: 200, or the documented denial.
type verdict struct {
	status                   int
	code, message, challenge string
}

// door asks one door about a request.
type door func(ctx context.Context, token, method, path string) (verdict, error)

// doors are the four that a platform may stand behind.
func doors(t *testing.T) map[string]door {
	t.Helper()
	conn := dial(t, "video-api")
	client := usher.New(conn)
	t.Cleanup(func() { must(t, client.Close()) })
	must(t, client.Ready(t.Context()))
	return map[string]door{
		"gateway":     throughTheGateway,
		"CheckAccess": throughCheckAccess(tokenv1.NewAccessServiceClient(conn)),
		"ext_authz":   throughEnvoy(authv3.NewAuthorizationClient(conn)),
		"SDK":         throughTheSDK(client),
	}
}

func throughTheGateway(ctx context.Context, token, method, path string) (verdict, error) {
	req, err := http.NewRequestWithContext(ctx, method, shared.deployment.PublicURLs[1]+path, nil)
	if err != nil {
		return verdict{}, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	a, err := harness.Send(req)
	if err != nil || a.Status < 300 {
		return verdict{status: http.StatusOK}, err
	}
	return verdict{a.Status, a.Code(), a.Message(), a.Header.Get("WWW-Authenticate")}, nil
}

func throughCheckAccess(access tokenv1.AccessServiceClient) door {
	return func(ctx context.Context, token, method, path string) (verdict, error) {
		res, err := access.CheckAccess(ctx, &tokenv1.CheckAccessRequest{Token: token, Method: method, Path: path})
		if err != nil || res.GetAllowed() != nil {
			return verdict{status: http.StatusOK}, err
		}
		d := res.GetDenied()
		return verdict{int(d.GetStatus()), d.GetCode(), d.GetMessage(), d.GetChallenge()}, nil
	}
}

func throughEnvoy(authorization authv3.AuthorizationClient) door {
	return func(ctx context.Context, token, method, path string) (verdict, error) {
		headers := map[string]string{}
		if token != "" {
			headers["authorization"] = "Bearer " + token
		}
		res, err := authorization.Check(ctx, &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
			Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{Method: method, Path: path, Headers: headers}},
		}})
		if err != nil || res.GetStatus().GetCode() == int32(codes.OK) {
			return verdict{status: http.StatusOK}, err
		}
		denied := res.GetDeniedResponse()
		var body struct {
			Error struct{ Code, Message string } `json:"error"`
		}
		if err := json.Unmarshal([]byte(denied.GetBody()), &body); err != nil {
			return verdict{}, fmt.Errorf("body %q: %w", denied.GetBody(), err)
		}
		v := verdict{status: int(denied.GetStatus().GetCode()), code: body.Error.Code, message: body.Error.Message}
		for _, h := range denied.GetHeaders() {
			if strings.EqualFold(h.GetHeader().GetKey(), "WWW-Authenticate") {
				v.challenge = h.GetHeader().GetValue()
			}
		}
		return v, nil
	}
}

func throughTheSDK(client *usher.Client) door {
	return func(ctx context.Context, token, method, path string) (verdict, error) {
		_, err := client.Check(ctx, token, method, path)
		var d *enforce.Denial
		switch {
		case err == nil:
			return verdict{status: http.StatusOK}, nil
		case errors.As(err, &d):
			return verdict{d.Status, d.Code, d.Message, d.Challenge}, nil
		}
		return verdict{}, err
	}
}
