package admin

import (
	"context"
	"time"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/platform/convert"
	"github.com/vidocu/usher/internal/platform/enumname"
)

// reviewClients is `usher clients review`.
type reviewClients struct {
	List    command[limit]                            `cmd:"" help:"List the clients that wait for a review, the one submitted first first."`
	Approve approveClient                             `cmd:"" help:"Make a client live, also one that is suspended."`
	Refuse  command[reviewedClient]                   `cmd:"" help:"Refuse what was submitted; the client's team reads the note."`
	Suspend command[withConfirmation[reviewedClient]] `cmd:"" help:"Suspend a client of a workspace, and revoke everything that was granted to it."`
}

func listSubmitted(ctx context.Context, s *Session, c limit) error {
	return call(ctx, allPages(s, c.Limit, s.reviews().ListSubmittedClients), &authzv1.ListSubmittedClientsRequest{},
		rows(s, func(res *authzv1.ListSubmittedClientsResponse) table.Rows {
			t := table.Rows{{"CLIENT", "NAME", "PUBLISHER", "HOME PAGE", "WORKSPACE", "SUBMITTED", "STATUS"}}
			for _, r := range res.GetRegistrations() {
				t.Add(r.GetClient().GetClientId(), r.GetClient().GetName(), orNone(r.GetIdentity().GetPublisher()), orNone(r.GetIdentity().GetClientUri()),
					r.GetOwnerWorkspaceId(), timestamp(r.GetSubmitTime()), orNone(enumname.Of(r.GetStatus())))
			}
			return t
		}))
}

type approveClient struct {
	Client    string    `arg:"" help:"The client, vdo_client_…."`
	Submitted time.Time `help:"When it was submitted, as review list -o json says: nothing is approved that was submitted later." placeholder:"TIME"`
	Verified  bool      `help:"You have checked who publishes it: people read that, and any number of them may connect it."`
	Note      string    `help:"A word for the client's team." placeholder:"TEXT"`
}

// Run approves a client.
func (c approveClient) Run(ctx context.Context, s *Session) error {
	req := &authzv1.ReviewClientRequest{
		ClientId: c.Client, Verdict: authzv1.ReviewVerdict_REVIEW_VERDICT_APPROVE, Verified: c.Verified, Note: c.Note,
		SubmitTime: convert.TimeToProto(c.Submitted),
	}
	return call(ctx, s.reviews().ReviewClient, req, rows(s, registrationRows[*authzv1.ReviewClientResponse]))
}

// reviewedClient is a client, and the note that its team reads.
type reviewedClient struct {
	Client string `arg:"" help:"The client, vdo_client_…."`
	Note   string `required:"" help:"Why, for the client's team." placeholder:"TEXT"`
}

func refuseClient(ctx context.Context, s *Session, c reviewedClient) error {
	return call(ctx, s.reviews().ReviewClient, &authzv1.ReviewClientRequest{
		ClientId: c.Client, Verdict: authzv1.ReviewVerdict_REVIEW_VERDICT_REFUSE, Note: c.Note,
	}, rows(s, registrationRows[*authzv1.ReviewClientResponse]))
}

func suspendClient(ctx context.Context, s *Session, c withConfirmation[reviewedClient]) error {
	id := c.Target.Client
	return c.confirmed(ctx, s, clientImpact(id), func() error {
		return call(ctx, s.revocation().SuspendClient, &tokenv1.SuspendClientRequest{ClientId: id, Note: c.Target.Note},
			s.line("%s is suspended, and everything that was granted to it is revoked; usher clients review approve lifts the suspension", id))
	})
}

// addOwnerRows shows who owns a client, and what the review says; nothing for a client of the operator.
func addOwnerRows(t *table.Rows, r *authzv1.Registration) {
	if r.GetOwnerWorkspaceId() == "" {
		return
	}
	t.Add("OWNER", r.GetOwnerWorkspaceId())
	t.Add("REGISTERED BY", r.GetCreatedByUserId())
	t.Add("STATUS", orNone(enumname.Of(r.GetStatus())))
	if r.GetSubmitTime() != nil {
		t.Add("SUBMITTED", timestamp(r.GetSubmitTime()))
	}
	t.AddGiven("NOTE", r.GetReviewNote())
}
