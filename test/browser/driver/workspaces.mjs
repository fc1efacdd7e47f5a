// The pages on which the administrators of a workspace decide.
import { assert, esther, john } from './person.mjs';

const base = `/workspaces/${john.workspace}`;

// sections are the pages about a workspace.
export const sections = ['', 'policy', 'keys', 'members', 'activity'];

const press = (person, name) => person.press(person.page.getByRole('button', { name }).first());

// visitWorkspaces visits the pages of a workspace, signed in as John, who has connected an app to it. draft
// is the path of an authorization request.
export async function visitWorkspaces(person, visit, draft) {
  await person.open('/workspaces');
  await visit('workspaces');
  await person.open(base);
  await visit('workspace-apps');
  await person.page.fill('#confirm-0', 'Another App');
  await press(person, 'End for everybody');
  await visit('workspace-apps-wrong-name');
  await policy(person, visit, draft);
  await keys(person, visit);
  for (const section of ['members', 'activity']) {
    await person.open(`${base}/${section}`);
    await visit(`workspace-${section}`);
  }
  await person.page.setExtraHTTPHeaders({ 'accept-language': 'de' });
  for (const section of sections) {
    await person.open(`${base}/${section}`);
    await visit(`workspace-${section || 'apps'}-german`);
  }
  await person.page.setExtraHTTPHeaders({});
}

// policy visits the page of the policy: a member asks for an app, is refused, and asks again.
async function policy(person, visit, request) {
  const member = await person.stage.person();
  await member.open('/signin');
  await member.signIn(esther);
  const ask = async () => {
    await member.open(request);
    await member.page.fill('#reason-0', 'It writes our captions while the agency is away.');
    await member.press(member.page.locator(`button[value="ask ${john.workspace}"]`));
  };
  await person.open(`${base}/policy`);
  await visit('workspace-policy');
  await person.page.check('input[name=policy][value=approved]');
  await press(person, 'Save');
  await visit('workspace-policy-saved');
  await ask();
  await person.open(`${base}/policy`);
  await person.page.fill('#answer-0', 'We have an app for captions already.');
  await press(person, 'Refuse');
  await ask();
  await person.open(base);
  await approveAnother(person);
  await person.open(`${base}/policy`);
  await visit('workspace-policy-waiting');
  await press(person, 'Approve');
  await visit('workspace-policy-approved');
  await person.page.check('input[name=policy][value=anyone]');
  await press(person, 'Save');
  await member.context.close();
}

// approveAnother approves an app of the list that is not the one that the member asks for.
async function approveAnother(person) {
  const approve = person.page.locator('button', { hasText: 'Approve for this workspace' });
  const row = person.page.locator('.log > details', { has: approve, hasNotText: 'Example App' }).last();
  if (await row.getAttribute('open') === null) await row.locator('summary').first().click();
  await person.press(row.getByRole('button', { name: 'Approve for this workspace' }));
}

// keys visits the page of the API keys.
async function keys(person, visit) {
  await person.open(`${base}/keys`);
  await visit('workspace-keys-first');
  await person.page.fill('#name', 'Nightly export');
  await person.page.locator('#limits > summary').click();
  await person.page.check('input[name=scope][value="jobs:read"]');
  await person.page.fill('#addresses', '203.0.113.0/33');
  await press(person, 'Create the key');
  await visit('workspace-keys-refused');
  await person.page.fill('#addresses', '203.0.113.0/24');
  await press(person, 'Create the key');
  await visit('workspace-key-created');
  assert(await person.page.locator('pre').count() === 1, `no key is shown: ${await person.describe()}`);
  await press(person, 'Replace by a new key');
  await press(person, 'Revoke');
  await visit('workspace-keys');
}

// visitMember visits what somebody sees who administers no workspace.
export async function visitMember(person, visit) {
  await person.open('/workspaces');
  await visit('workspaces-none');
}
