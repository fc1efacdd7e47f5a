package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/vidocu/usher/cmd/usher/internal/table"
	authzv1 "github.com/vidocu/usher/gen/usher/authz/v1"
	tokenv1 "github.com/vidocu/usher/gen/usher/token/v1"
	"github.com/vidocu/usher/internal/manifest"
)

type applyClients struct {
	File    string `arg:"" help:"The manifest, YAML or JSON; - is standard input."`
	DryRun  bool   `help:"Print the difference, and change nothing." xor:"confirmation"`
	Prune   bool   `help:"Disable the clients that the manifest does not have, and revoke everything that was granted to them; those of workspaces stay."`
	Yes     bool   `help:"Disable clients without asking; required with --prune where standard input is not a terminal." xor:"confirmation"`
	Secrets string `help:"The folder for the secrets of new clients, a file each; required where the manifest has new confidential clients." placeholder:"FOLDER" type:"path"`
}

// plan is what makes the registrations equal to a manifest.
type plan struct {
	steps []planned
	// extra are the enabled clients that the manifest does not have.
	extra []string
	// disabled are the clients of the manifest that are disabled, and stay so.
	disabled []string
}

// planned is one client that is registered or changed.
type planned struct {
	client      *manifest.Client
	update      *authzv1.UpdateClientRequest // nil for a new client
	differences []manifest.Difference
}

// Run registers and changes clients.
func (c applyClients) Run(ctx context.Context, s *Session) error {
	ctx = asManifest(ctx)
	wanted, err := c.read(s)
	if err != nil {
		return err
	}
	p, err := s.planOf(ctx, wanted)
	if err != nil {
		return err
	}
	if !c.Prune {
		p.extra = nil
	}
	for _, id := range p.disabled {
		fmt.Fprintln(s.Err, table.Harmless(id)+" is disabled and stays so: usher clients enable enables it.")
	}
	if c.DryRun || p.empty() {
		return s.print(p.response(), p.rows())
	}
	change := func() error { return c.apply(ctx, s, p) }
	if len(p.extra) == 0 {
		return change()
	}
	return confirmation{Yes: c.Yes}.confirmed(ctx, s, uncounted("everything that was granted to "+strings.Join(p.extra, ", ")), change)
}

func (c applyClients) read(s *Session) ([]manifest.Client, error) {
	in := s.In
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return nil, err
		}
		defer file.Close() //nolint:errcheck // it is only read
		in = file
	}
	wanted, err := manifest.Parse(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.File, err)
	}
	return wanted, nil
}

// planOf compares a manifest with the registered clients. It changes nothing.
func (s *Session) planOf(ctx context.Context, wanted []manifest.Client) (plan, error) {
	list, err := allPages(s, 0, s.authz().ListClients)(ctx, &authzv1.ListClientsRequest{})
	if err != nil {
		return plan{}, err
	}
	registered := map[string]bool{} // whether it is disabled
	for _, r := range list.GetRegistrations() {
		registered[r.GetClient().GetClientId()] = r.GetDisabled()
	}
	var p plan
	for i := range wanted {
		c := &wanted[i]
		disabled, exists := registered[c.ID]
		delete(registered, c.ID)
		if !exists {
			p.steps = append(p.steps, planned{client: c})
			continue
		}
		if disabled {
			p.disabled = append(p.disabled, c.ID)
		}
		found, err := s.authz().FindClient(ctx, &authzv1.FindClientRequest{ClientId: c.ID})
		if err != nil {
			return plan{}, err
		}
		update, differences, err := c.Update(found.GetRegistration())
		if err != nil {
			return plan{}, err
		}
		if update != nil {
			p.steps = append(p.steps, planned{client: c, update: update, differences: differences})
		}
	}
	for _, r := range list.GetRegistrations() {
		if r.GetOwnerWorkspaceId() != "" {
			continue // it is its team's
		}
		if disabled, left := registered[r.GetClient().GetClientId()]; left && !disabled {
			p.extra = append(p.extra, r.GetClient().GetClientId())
		}
	}
	return p, nil
}

// apply makes the changes of a plan, and prints those that were made, also if one fails: the command
// continues there when it is repeated.
func (c applyClients) apply(ctx context.Context, s *Session, p plan) error {
	if c.Secrets == "" {
		for _, step := range p.steps {
			if step.update == nil && step.client.HasSecret() {
				return fmt.Errorf("%s is a new confidential client: name the folder for its secret with --secrets", step.client.ID)
			}
		}
	}
	var done plan
	var failed error
	for _, step := range p.steps {
		if failed = c.applyOne(ctx, s, step); failed != nil {
			failed = fmt.Errorf("%s: %w", step.client.ID, failed)
			break
		}
		done.steps = append(done.steps, step)
	}
	for _, id := range p.extra {
		if failed != nil {
			break
		}
		if _, failed = s.revocation().DisableClient(ctx, &tokenv1.DisableClientRequest{ClientId: id}); failed == nil {
			done.extra = append(done.extra, id)
		}
	}
	if failed != nil && done.empty() {
		return failed
	}
	return errors.Join(s.print(done.response(), done.rows()), failed)
}

// empty reports whether there is nothing to change.
func (p plan) empty() bool { return len(p.steps)+len(p.extra) == 0 }

func (c applyClients) applyOne(ctx context.Context, s *Session, step planned) error {
	if step.update != nil {
		_, err := s.authz().UpdateClient(ctx, step.update)
		return err
	}
	if !step.client.HasSecret() {
		_, err := s.authz().CreateClient(ctx, step.client.Create())
		return err
	}
	// The file is there before the secret, which only one response contains.
	name := filepath.Join(c.Secrets, filepath.Base(step.client.ID))
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	res, err := s.authz().CreateClient(ctx, step.client.Create())
	if err != nil {
		return errors.Join(err, file.Close(), os.Remove(name))
	}
	_, err = io.WriteString(file, res.GetClientSecret()+"\n")
	return errors.Join(err, file.Close())
}

// rows are the changes of a plan as a table.
func (p plan) rows() table.Rows {
	if p.empty() {
		return table.Rows{{"nothing to change"}}
	}
	t := table.Rows{{"CLIENT", "CHANGE", "REGISTERED", "MANIFEST"}}
	for _, step := range p.steps {
		if step.update == nil {
			t.Add(step.client.ID, "create", none, step.client.Name)
		}
		for _, d := range step.differences {
			t.Add(step.client.ID, d.Member, d.Registered, d.Wanted)
		}
	}
	for _, id := range p.extra {
		t.Add(id, "disable", "enabled", none)
	}
	return t
}

// response is a plan as JSON: {"created": […], "updated": [{"client_id", "differences"}], "disabled": […]}.
func (p plan) response() *structpb.Struct {
	var created, updated, disabled []*structpb.Value
	for _, step := range p.steps {
		if step.update == nil {
			created = append(created, structpb.NewStringValue(step.client.ID))
			continue
		}
		differences := map[string]*structpb.Value{}
		for _, d := range step.differences {
			differences[d.Member] = object(map[string]*structpb.Value{
				"registered": structpb.NewStringValue(d.Registered), "manifest": structpb.NewStringValue(d.Wanted),
			})
		}
		updated = append(updated, object(map[string]*structpb.Value{
			"client_id": structpb.NewStringValue(step.client.ID), "differences": object(differences),
		}))
	}
	for _, id := range p.extra {
		disabled = append(disabled, structpb.NewStringValue(id))
	}
	list := func(values []*structpb.Value) *structpb.Value {
		return structpb.NewListValue(&structpb.ListValue{Values: values})
	}
	return &structpb.Struct{Fields: map[string]*structpb.Value{"created": list(created), "updated": list(updated), "disabled": list(disabled)}}
}

func object(fields map[string]*structpb.Value) *structpb.Value {
	return structpb.NewStructValue(&structpb.Struct{Fields: fields})
}
