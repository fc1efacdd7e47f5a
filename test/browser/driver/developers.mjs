// The developer console: registering an app and walking through its pages.
import { john } from './person.mjs';

export const callback = 'https://captions.northwind.example/callback';

// sections are the pages about one app.
export const sections = ['about', 'credentials', 'addresses', 'permissions', 'consent', 'requests', 'playground', 'team', 'usage', 'status', 'manifest'];

// register fills in and submits the form that registers an app.
export async function register(person, { kind = 'server', name = 'Northwind Captions', address = callback, scopes = ['videos:read', 'export:write'] } = {}) {
  const { page } = person;
  await page.check(`input[name=kind][value=${kind}]`);
  await page.check(`input[name=workspace_id][value=${john.workspace}]`);
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
  await run(person, visit, app);
  await person.open(`${app}/addresses`);
  await person.press(person.page.getByRole('button', { name: 'Remove' }).last());
  await visit('developers-address-in-use');
  await person.open(`${app}/status`);
  await press(person, 'Submit for review');
  await visit('developers-submitted');
  await person.open('/developers');
  await visit('developers-apps');
  await person.page.setExtraHTTPHeaders({ 'accept-language': 'de' });
  for (const section of ['', '/credentials', '/addresses', '/permissions', '/requests', '/playground', '/status']) {
    await person.open(app + section);
    await visit(`developers-de${section.replace('/', '-')}`);
  }
  await person.page.setExtraHTTPHeaders({});
  const query = { client_id: app.split('/').pop(), redirect_uri: callback, response_type: 'code', scope: 'videos:read', state: 'x' };
  return `/oauth/authorize?${new URLSearchParams(query)}`;
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
