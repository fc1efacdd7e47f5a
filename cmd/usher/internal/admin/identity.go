package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
)

// identityFlags are the flags that describe a client to users, besides its name. An empty value removes
// the registered one.
type identityFlags struct {
	Publisher *string `help:"The person or company that publishes the client, shown on the consent page." placeholder:"NAME"`
	Purpose   *string `help:"The purpose of the client, on one line of at most 140 characters." placeholder:"TEXT"`
	ClientURI *string `name:"client-uri" help:"The client's home page, https." placeholder:"URL"`
	PolicyURI *string `name:"policy-uri" help:"Its privacy policy, https." placeholder:"URL"`
	TosURI    *string `name:"tos-uri" help:"Its terms of service, https." placeholder:"URL"`

	OptionalScopes []string `name:"optional-scope" help:"Those of its scopes that a user may leave out; all are required unless given." placeholder:"SCOPE"`
}

// given reports whether a flag was given.
func (f identityFlags) given() bool {
	return cmp.Or(f.Publisher, f.Purpose, f.ClientURI, f.PolicyURI, f.TosURI) != nil || len(f.OptionalScopes) > 0
}

// addIdentityRows shows the description of a client for users.
func addIdentityRows(t *table.Rows, r *authzv1.Registration) {
	identity := r.GetIdentity()
	t.AddGiven("PUBLISHER", identity.GetPublisher())
	t.AddGiven("PURPOSE", identity.GetPurpose())
	t.AddGiven("HOME PAGE", identity.GetClientUri())
	t.AddGiven("PRIVACY POLICY", identity.GetPolicyUri())
	t.AddGiven("TERMS", identity.GetTosUri())
	t.AddGiven("LOGO", identity.GetLogo())
}

type setLogo struct {
	Client string `arg:"" help:"The client, vdo_client_…."`
	File   string `arg:"" optional:"" help:"The image: a PNG, JPEG or GIF of at most 64 KiB and 1,024 by 1,024 pixels." type:"path"`
	Remove bool   `help:"Remove the logo."`
}

// Validate is called by kong.
func (c setLogo) Validate() error {
	if (c.File == "") != c.Remove {
		return errors.New("give the file of the logo, or --remove")
	}
	return nil
}

// Run replaces or removes the logo of a client.
func (c setLogo) Run(ctx context.Context, s *Session) error {
	var image []byte
	if c.File != "" {
		var err error
		if image, err = readLogo(c.File); err != nil {
			return err
		}
	}
	return call(ctx, s.authz().SetClientLogo, &authzv1.SetClientLogoRequest{ClientId: c.Client, Image: image},
		rows(s, registrationRows[*authzv1.SetClientLogoResponse]))
}

// maxLogo is more than the server accepts: it says which size is too large.
const maxLogo = 1 << 20

func readLogo(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading the logo: %w", err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	image, err := io.ReadAll(io.LimitReader(f, maxLogo))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the logo: %w", err)
	case len(image) == 0: // the request would remove the logo
		return nil, errors.New("the file of the logo is empty")
	}
	return image, nil
}
