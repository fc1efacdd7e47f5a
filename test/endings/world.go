package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"

	identityv1 "github.com/vidocu/usher/gen/usher/identity/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/secret"
	"github.com/vidocu/usher/internal/platform/sqldb"
	"github.com/vidocu/usher/test/harness"
)

// world is a deployment with a user, a client and an authentication app that each have many grants
// or tokens.
type world struct {
	options
	d       *harness.Deployment
	db      *sqldb.DB
	users   identityv1.AdministrationServiceClient
	revoker tokenv1.EndingServiceClient
	grants  tokenv1.GrantServiceClient
	// replicas are introspection clients, one for each replica of the token service.
	replicas []tokenv1.IntrospectionServiceClient
	conns    []*grpc.ClientConn

	user, app string
}

// crowded is the client to which a million users have granted access.
const crowded = "vdo_client_crowded"

func newWorld(ctx context.Context, d *harness.Deployment, databases map[string]string, o options) (*world, error) {
	w := &world{options: o, d: d}
	var err error
	if w.db, err = sqldb.Open(ctx, sqldb.Config{URL: secret.New(databases["token"]), MaxConns: 2}); err != nil {
		return nil, err
	}
	w.dial()
	user, err := w.users.CreateUser(ctx, &identityv1.CreateUserRequest{
		EmailAddress: "crowd@example.com", FirstName: "Pat", LastName: "Doe", Password: harness.UserPassword,
	})
	if err != nil {
		return nil, err
	}
	w.user = user.GetUser().GetUserId()
	if err := w.join(ctx); err != nil {
		return nil, err
	}
	app, err := w.users.CreateAuthenticationApp(ctx, &identityv1.CreateAuthenticationAppRequest{Name: "Crowd", WorkspaceId: "ws_acme"})
	if err != nil {
		return nil, err
	}
	w.app = app.GetAuthenticationApp().GetAuthenticationAppId()
	return w, w.seed(ctx)
}

func (w *world) dial() {
	reach := func(caller, service, addr string) *grpc.ClientConn {
		conn, err := w.d.DialAt(caller, service, addr)
		if err != nil {
			panic(err) // the certificate is from our own authority
		}
		w.conns = append(w.conns, conn)
		return conn
	}
	w.users = identityv1.NewAdministrationServiceClient(reach("operator", "identity", w.d.GRPCAddr("identity")))
	w.revoker = tokenv1.NewEndingServiceClient(reach("operator", "token", w.d.TokenAddrs[0]))
	w.grants = tokenv1.NewGrantServiceClient(reach("consent", "token", w.d.TokenAddrs[0]))
	for _, addr := range w.d.TokenAddrs {
		w.replicas = append(w.replicas, tokenv1.NewIntrospectionServiceClient(reach("video-api", "token", addr)))
	}
}

func (w *world) close() error {
	var err error
	for _, conn := range w.conns {
		err = errors.Join(err, conn.Close())
	}
	return errors.Join(err, w.db.Close())
}

func (w *world) join(ctx context.Context) error {
	_, err := w.users.AddMember(ctx, &identityv1.AddMemberRequest{UserId: w.user, WorkspaceId: "ws_acme", Role: identityv1.Role_ROLE_MEMBER})
	return err
}

// family lists the columns of a token family; the statement that uses it has the values.
const family = `INSERT INTO families (id, user_id, client_id, workspace_id, display_name, scope, epoch, born, redirect_uri, code_challenge,
    created_at, expires_at, refresh_hash, refresh_issued_at, refresh_expires_at, last_used_at) `

// slice is the number of rows that one statement inserts.
const slice = 50_000

// seed inserts the grants and tokens.
func (w *world) seed(ctx context.Context) error {
	started := time.Now()
	for from := 1; from <= w.options.grants; from += slice {
		to := min(from+slice-1, w.options.grants)
		for _, s := range []struct {
			text string
			args []any
		}{
			{
				family + `SELECT sha256(('f' || i)::bytea), $3, $4, 'ws_acme', 'Pat Doe', 'videos:read', 0, 0, 'https://yourapp.com/callback', '',
    {{now}}, {{now}} + 360000000000, sha256(('r' || i)::bytea), {{now}}, {{now}} + 360000000000, {{now}} FROM generate_series($1::int, $2::int) AS i`,
				[]any{w.user, harness.ConfidentialID},
			},
			{
				family + `SELECT sha256(('g' || i)::bytea), 'usr_' || i, $3, 'ws_acme', 'Pat Doe', 'videos:read', 0, 0, 'https://yourapp.com/callback', '',
    {{now}}, {{now}} + 360000000000, sha256(('s' || i)::bytea), {{now}}, {{now}} + 360000000000, {{now}} FROM generate_series($1::int, $2::int) AS i`,
				[]any{crowded},
			},
			{`INSERT INTO pairs (user_id, client_id, epoch) SELECT 'usr_' || i, $3, 0 FROM generate_series($1::int, $2::int) AS i`, []any{crowded}},
			{
				`INSERT INTO user_tokens (hash, user_id, app_id, workspace_id, display_name, issued_at, expires_at, born)
SELECT sha256(('u' || i)::bytea), 'usr_' || i, $3, 'ws_acme', 'Pat Doe', {{now}}, {{now}} + 3600000000, 0 FROM generate_series($1::int, $2::int) AS i`,
				[]any{w.app},
			},
		} {
			if err := w.exec(ctx, s.text, append([]any{from, to}, s.args...)...); err != nil {
				return fmt.Errorf("adding rows: %w", err)
			}
		}
	}
	for _, table := range []string{"families", "pairs", "user_tokens"} {
		if err := w.db.ExecOutsideTx(ctx, time.Minute, `VACUUM ANALYZE `+table); err != nil {
			return err
		}
	}
	fmt.Fprintf(os.Stderr, "%d grants of a user, grants of a client and user tokens of an app were added in %s\n",
		w.options.grants, time.Since(started).Round(time.Second))
	return nil
}

func (w *world) exec(ctx context.Context, text string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	_, err := w.db.Exec(ctx, w.db.SQL(text), args...)
	return err
}

// revive makes every revoked token active again by deleting the few rows that record the
// revocations.
func (w *world) revive(ctx context.Context) error {
	for _, text := range []string{
		`DELETE FROM revoked_subjects`, `UPDATE families SET revoked_at = NULL WHERE revoked_at IS NOT NULL`,
		`UPDATE user_tokens SET ended_at = NULL WHERE ended_at IS NOT NULL`,
	} {
		if err := w.exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// credentials are the known tokens of a grant, or a user token.
type credentials struct{ access, spent, refresh, user string }

// credentials inserts a grant of a user with a client, whose first refresh token has been rotated,
// and a user token of the authentication app.
func (w *world) credentials(ctx context.Context, user, client string) (credentials, error) {
	v := credentials{
		access: secret.Generate(secret.AccessToken).Reveal(), spent: secret.Generate(secret.RefreshToken).Reveal(),
		refresh: secret.Generate(secret.RefreshToken).Reveal(), user: secret.NewUserToken().Reveal(),
	}
	hash := func(token string) []byte { h := secret.Sum(token); return h.Bytes() }
	id := hash(v.spent)
	return v, errors.Join(
		w.exec(ctx, `INSERT INTO pairs (user_id, client_id, epoch) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING`, user, client),
		w.exec(ctx, family+`SELECT $1, $2, $3, 'ws_acme', 'Pat Doe', 'videos:read', p.epoch, (SELECT cursor FROM revocation_head), 'https://yourapp.com/callback', '',
    {{now}}, {{now}} + 360000000000, $4, {{now}}, {{now}} + 360000000000, {{now}} FROM pairs p WHERE p.user_id = $2 AND p.client_id = $3`,
			id, user, client, hash(v.refresh)),
		w.exec(ctx, `INSERT INTO access_tokens (hash, family_id, scope, issued_at, expires_at) VALUES ($1, $2, 'videos:read', {{now}}, {{now}} + 3600000000)`,
			hash(v.access), id),
		w.exec(ctx, `INSERT INTO spent_refresh_tokens (hash, family_id, expires_at) VALUES ($1, $1, {{now}} + 3600000000)`, id),
		w.exec(ctx, `INSERT INTO user_tokens (hash, user_id, app_id, workspace_id, display_name, issued_at, expires_at, born)
VALUES ($1, $2, $3, 'ws_acme', 'Pat Doe', {{now}}, {{now}} + 3600000000, (SELECT cursor FROM revocation_head))`, hash(v.user), user, w.app),
	)
}

// activeReplicas returns the number of replicas at which a token is active.
func (w *world) activeReplicas(ctx context.Context, token string) (n int, err error) {
	for _, replica := range w.replicas {
		res, err := replica.IntrospectToken(ctx, &tokenv1.IntrospectTokenRequest{Token: token})
		if err != nil {
			return 0, err
		}
		if res.GetActive() {
			n++
		}
	}
	return n, nil
}
