// An app that registers itself, is connected twice, and then changes what it says about itself.
import { assert } from './person.mjs';

const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'; // RFC 7636, appendix B
const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';

// startOf opens the consent page of a registered app.
async function startOf(person, id) {
  const query = {
    client_id: id, redirect_uri: `${person.stage.app}/callback`, response_type: 'code', state: 'x', scope: 'videos:read',
    code_challenge: challenge, code_challenge_method: 'S256',
  };
  await person.open(`/oauth/authorize?${new URLSearchParams(query)}`);
}

async function connect(person, id, workspace) {
  await startOf(person, id);
  await person.allow(workspace);
  const code = new URL(person.page.url()).searchParams.get('code');
  const res = await fetch(`${person.stage.usher}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'authorization_code', client_id: id, code, redirect_uri: `${person.stage.app}/callback`, code_verifier: verifier }),
  });
  assert(res.ok, `the code was not exchanged: ${res.status} ${await res.text()}`);
}

// visitChangedApp visits the pages of an app that has changed since it was approved.
export async function visitChangedApp(person, workspace, visit) {
  const send = async (address, method, token, metadata) => {
    const headers = { 'content-type': 'application/json', ...token && { authorization: `Bearer ${token}` } };
    const res = await fetch(address, { method, headers, body: JSON.stringify(metadata) });
    assert(res.ok, `registering returned ${res.status}`);
    return res.json();
  };
  const metadata = { redirect_uris: [`${person.stage.app}/callback`], client_name: 'Northwind Notes', token_endpoint_auth_method: 'none' };
  const app = await send(`${person.stage.usher}/oauth/register`, 'POST', '', metadata);
  for (let installation = 0; installation < 2; installation++) await connect(person, app.client_id, workspace);
  await send(app.registration_client_uri, 'PUT', app.registration_access_token, {
    ...metadata, client_id: app.client_id, client_name: 'Northwind Rechnungen', redirect_uris: [...metadata.redirect_uris, 'http://localhost/callback'],
  });
  await startOf(person, app.client_id);
  await visit('consent-of-changed-app');
  for (const [state, language] of [['apps-changed', 'en'], ['apps-changed-german', 'de']]) {
    await person.page.setExtraHTTPHeaders({ 'accept-language': language });
    await person.open('/account/connected-apps');
    await person.page.locator('details', { hasText: 'Northwind Rechnungen' }).first().evaluate((app) => { app.open = true; });
    await visit(state);
  }
  await person.page.setExtraHTTPHeaders({});
  await person.press(person.page.locator('button[name=installation_id]').last());
  await visit('apps-installation-ended');
}
