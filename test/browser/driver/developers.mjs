// The developer console: registering an app and walking through its pages.
import { john, until } from './person.mjs';

export const callback = 'https://captions.northwind.example/callback';

// sections are the pages about one app.
export const sections = ['about', 'credentials', 'addresses', 'permissions', 'consent', 'requests', 'playground', 'team', 'usage', 'status', 'manifest'];

// register fills in and submits the form that registers an app.
export async function register(person, { kind = 'server', name = 'Northwind Captions', address = callback, scopes = ['videos:read', 'export:write'] } = {}) {
  const { page } = person;
  await page.check(`input[name=kind][value=${kind}]`);
  await page.check(`form[action="/developers/apps/new"] input[name=workspace_id][value=${john.workspace}]`);
  await page.fill('#name', name);
  await page.fill('#purpose', 'Writes captions for the videos of your team');
  await page.fill('#redirect_uris', address);
  for (const scope of scopes) await page.check(`input[name=scope][value="${scope}"]`);
  await press(person, 'Register');
}

// press clicks the button with exactly this name.
export const press = (person, name) => person.press(person.page.getByRole('button', { name, exact: true }));

// appPath returns the path of the pages of the app that is shown.
export const appPath = (person) => new URL(person.page.url()).pathname.split('/').slice(0, 4).join('/');

// visitDevelopers visits the pages of the developer console, signed in as John. It returns the path of an
// authorization request of the app, which is not live.
export async function visitDevelopers(person, visit) {
  await person.open('/developers');
  await visit('developers-empty');
  await person.open('/developers/apps/new');
  await visit('developers-new');
  await register(person, { address: 'http://captions.northwind.example/callback' });
  await visit('developers-new-refused');
  await register(person);
  await visit('developers-secret');
  const app = appPath(person);
  await person.open(app);
  await visit('developers-overview');
  for (const section of sections) {
    await person.open(`${app}/${section}`);
    await visit(`developers-${section}`);
  }
  await person.open(`${app}/addresses`);
  await person.page.fill('#redirect_uris', 'https://captions.northwind.example/cöllback');
  await press(person, 'Add the address');
  await visit('developers-address-refused');
  await refusedAddress(person, visit, app);
  await run(person, visit, app);
  await person.open(`${app}/requests?outcome=granted`);
  await visit('developers-requests-granted');
  await person.open(`${app}/addresses`);
  await person.press(person.page.getByRole('button', { name: 'Remove' }).last());
  await visit('developers-address-in-use');
  await person.open(`${app}/status`);
  await press(person, 'Submit for review');
  await visit('developers-submitted');
  await visitFromFile(person, visit);
  await person.open('/developers');
  await visit('developers-apps');
  await person.page.setExtraHTTPHeaders({ 'accept-language': 'de' });
  for (const section of ['', '/credentials', '/addresses', '/permissions', '/requests', '/playground', '/usage', '/status']) {
    await person.open(app + section);
    await visit(`developers-de${section.replace('/', '-')}`);
  }
  await person.page.setExtraHTTPHeaders({});
  const query = { client_id: app.split('/').pop(), redirect_uri: callback, response_type: 'code', scope: 'videos:read', state: 'x' };
  return `/oauth/authorize?${new URLSearchParams(query)}`;
}

// refusedAddress visits the page of an address that is not registered, and the request in the log of the app.
async function refusedAddress(person, visit, app) {
  const query = { client_id: app.split('/').pop(), redirect_uri: `${callback}/`, response_type: 'code', scope: 'videos:read', state: 'x' };
  await person.open(`/oauth/authorize?${new URLSearchParams(query)}`);
  await visit('redirect-uri-unregistered');
  await person.page.locator('summary', { hasText: 'I develop this app' }).click();
  const log = await person.page.getByRole('link', { name: 'The request in the log of the app' }).getAttribute('href');
  await until(async () => { // the log may be two seconds behind
    await person.open(log);
    return /Redirect address is not registered/.test(await person.page.locator('.log').allInnerTexts());
  }, { pause: 100, describe: () => 'the log does not show the request' });
  await visit('developers-requests-of-one');
}

// registerFromFile uploads a manifest on the page of a new app.
async function registerFromFile(person, manifest) {
  await person.open('/developers/apps/new');
  const form = person.page.locator('form[action="/developers/apps/new/upload"]');
  await form.locator(`input[name=workspace_id][value=${john.workspace}]`).check();
  await form.locator('input[type=file]').setInputFiles({ name: 'app.yaml', mimeType: 'application/yaml', buffer: Buffer.from(manifest) });
  await press(person, 'Upload and register');
}

// visitFromFile registers apps by their manifests and visits their previews of the consent page.
async function visitFromFile(person, visit) {
  await registerFromFile(person, 'clients: [{name: Northwind, secret: x}]');
  await visit('developers-new-file-refused');
  for (const [state, manifest] of [
    ['device', 'name: Northwind TV, type: public, application_type: native, grant_types: ["urn:ietf:params:oauth:grant-type:device_code", refresh_token]'],
    ['service', 'name: Northwind Nightly, grant_types: [client_credentials]'],
  ]) {
    await registerFromFile(person, `clients: [{${manifest}, scopes: ["videos:read"]}]`);
    await person.open(`${appPath(person)}/consent`);
    await visit(`developers-consent-${state}`);
  }
}

// run plays a run of the playground up to its first token.
async function run(person, visit, app) {
  await person.open(`${app}/credentials`);
  await press(person, 'Create a secret');
  const secret = (await person.page.locator('section[role=status] code').innerText()).trim();
  await visit('developers-two-secrets');
  await play(person, app, secret);
  await visit('developers-playground-token');
}

// play registers the playground's address and gets a token.
export async function play(person, app, secret) {
  await person.open(`${app}/playground`);
  if (await person.page.getByRole('button', { name: 'Register the address' }).count()) await press(person, 'Register the address');
  await press(person, 'Authorize');
  await person.allow(john.workspace);
  await person.page.fill('#client_secret', secret);
  await press(person, 'Exchange');
}

// visitStranger visits what somebody sees who develops in no workspace.
export async function visitStranger(person, visit, draft) {
  await person.open('/developers');
  await visit('developers-none');
  await person.open(draft);
  await visit('consent-not-open');
}
