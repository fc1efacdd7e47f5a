// Visits every state of every page.
import { gzipSync } from 'node:zlib';
import { visitChangedApp } from './changed.mjs';
import { visitDevelopers, visitStranger } from './developers.mjs';
import { enter, mustPoll, startDevice } from './device.mjs';
import { assert, changePassword, esther, john, throttle } from './person.mjs';
import { visitMember, visitWorkspaces } from './workspaces.mjs';

// most is the limit of a page with its stylesheet in bytes, both compressed. The pages of the
// documentation have any length, and the one of all components is for developers.
const most = 8 << 10;
const longer = /^(docs-|components$)/;

// measured returns visit for pages that are small enough.
function measured(person, visit) {
  let shown;
  person.page.on('response', (response) => {
    if (response.request().isNavigationRequest()) shown = response;
  });
  return async (state) => {
    if (!longer.test(state)) {
      const html = await shown.body();
      const stylesheet = /<link rel="stylesheet" href="([^"]*)"/.exec(html)[1];
      const style = Buffer.from(await (await fetch(person.stage.usher + stylesheet)).arrayBuffer());
      const size = gzipSync(html).length + gzipSync(style).length;
      assert(size <= most, `${state} has ${size} bytes with its stylesheet, at most ${most} are allowed`);
    }
    await visit(state);
  };
}

// parts are the states of the pages in two parts, which are visited by browsers of their own in tests that run side by side.
export const parts = {
  people: [withoutRequest, authorization, account, devices, otherPeople],
  console: [connectApps, developers],
};

// visitStates calls visit(name) on each state of a part. The visitor must stay on the page.
export async function visitStates(person, part, visitor) {
  const visit = measured(person, visitor);
  for (const visitSome of parts[part]) await visitSome(person, visit);
}

async function withoutRequest(person, visit) {
  for (const [state, path] of [
    ['home', '/'], ['sign-in', '/signin'], ['not-found', '/nothing/here'], ['wrong-method', '/signout'],
    ['unknown-app', '/oauth/authorize?client_id=unknown'], ['components', '/dev/components'],
    ['demo', '/demo/callback'], ['demo-code', '/demo/callback?code=example&state=demo'], ['demo-error', '/demo/callback?error=access_denied'],
    ['docs', '/docs'], ['docs-quick-start', '/docs/quick-start'], ['docs-scopes', '/docs/scopes'], ['docs-errors', '/docs/errors#code_expired'],
    ['docs-clients', '/docs/clients'], ['docs-wire-contract', '/docs/wire-contract'], ['docs-api', '/docs/api'],
    ['request-unknown', `/signin?request=${'A'.repeat(43)}`],
  ]) {
    await person.open(path);
    await visit(state);
  }
}

async function authorization(person, visit) {
  await person.start();
  await visit('sign-in-for-app');
  await person.signIn({ ...john, password: 'not the password' });
  await visit('sign-in-wrong');
  await person.signIn(john);
  await visit('consent-first');
  const allowed = person.page.url();
  await person.allowWithoutChoice();
  await visit('consent-problem');
  await person.allow(john.workspace);
  await person.arrive();
  await person.page.goto(allowed);
  await visit('request-allowed');

  await person.start();
  await visit('consent-again');
  const denied = person.page.url();
  await person.press(person.decision('deny'));
  await person.arrive('access_denied');
  await person.page.goto(denied);
  await visit('request-denied');

  const strange = { client_id: 'vdo_client_strange', redirect_uri: 'https://strange.test/cb', state: 'x', response_type: 'token' };
  await person.open(`/oauth/authorize?${new URLSearchParams(strange)}`);
  await visit('request-refused');

  const document = {
    client_id: `${person.stage.app}/client.json`, redirect_uri: 'http://127.0.0.1:53682/callback', response_type: 'code', state: 'x',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256',
  };
  await person.open(`/oauth/authorize?${new URLSearchParams(document)}`);
  await visit('consent-of-document');
  await person.open(`/oauth/authorize?${new URLSearchParams({ ...document, client_id: `${person.stage.app}/missing.json` })}`);
  await visit('document-unreadable');

  await person.start({ prompt: 'login' });
  await visit('sign-in-again');
  await person.start({ prompt: 'select_account' });
  await visit('choose-account');

  const logout = `/oauth/logout?${new URLSearchParams({ client_id: 'vdo_client_abc123' })}`;
  await person.open(logout);
  await visit('logout');
  await person.page.setExtraHTTPHeaders({ 'accept-language': 'de' });
  await person.page.reload();
  await visit('logout-german');
  await person.page.setExtraHTTPHeaders({});
  await person.open('/oauth/logout?id_token_hint=x');
  await visit('logout-refused');
}

// everyScope are the scopes of the documents.
const everyScope = 'videos:read videos:write subtitles:read subtitles:write export:write translate:write voiceover:write article:read article:write '
  + 'analyze:write tools:read tools:write jobs:read usage:read process:write';

async function account(person, visit) {
  await person.start({ scope: everyScope });
  for (const summary of await person.page.locator('summary').all()) await summary.click();
  await visit('consent-every-scope');
  await person.allow(john.workspace);
  await person.arrive();
  await person.start({ scope: everyScope });
  await person.allow('ws_doe');
  await person.arrive();
  await person.open('/account/connected-apps');
  await visit('apps');
  await person.page.setExtraHTTPHeaders({ 'accept-language': 'de' });
  await person.page.reload();
  await visit('apps-german');
  await person.open('/account/devices');
  await visit('devices-german');
  await person.start({ scope: everyScope });
  await visit('consent-german');
  await person.page.setExtraHTTPHeaders({});
  await person.open('/account/connected-apps');
  await person.press(person.button(/only from doe family/i).first());
  await visit('apps-workspace-ended');
  await person.page.locator('summary').first().click(); // no app is open below a confirmation
  await person.press(person.button(/disconnect/i).first());
  await visit('apps-disconnected');
  await visitChangedApp(person, john.workspace, visit);
  const elsewhere = await person.stage.person();
  await elsewhere.open('/account/connected-apps');
  await elsewhere.signIn(john);
  await person.open('/account/devices');
  await visit('devices');
  await person.press(person.button(/every other device/i));
  await visit('devices-ended');
}

// devices begins and ends signed in as John.
async function devices(person, visit) {
  const device = await startDevice(person.stage);
  await person.open('/device');
  await visit('device');
  await enter(person, 'BBBB-BBBB');
  await visit('device-wrong-code');
  await person.page.goto(device.verification_uri_complete);
  await visit('device-confirm');
  await person.page.setExtraHTTPHeaders({ 'accept-language': 'de' });
  await person.page.reload();
  await visit('device-confirm-german');
  await person.press(person.page.locator('button[value=confirm]'));
  await visit('device-consent-german');
  await person.page.setExtraHTTPHeaders({});
  await person.page.reload();
  await visit('device-consent');
  await person.allow(john.workspace);
  await visit('device-allowed');
  await mustPoll(person.stage, device, undefined);
  await person.page.reload();
  await visit('device-connected');

  const denied = await startDevice(person.stage);
  await person.open('/device');
  await enter(person, denied.user_code);
  await person.press(person.decision('deny'));
  await visit('device-denied');
}

// ownAccount begins and ends signed in as Esther, with her password.
async function ownAccount(person, visit) {
  await person.open('/account');
  await visit('profile');
  await person.page.fill('#display_name', ' ');
  await person.press(person.button('Save'));
  await visit('profile-wrong');
  await person.page.fill('#display_name', 'Esther Fray');
  await person.page.selectOption('#language', 'de');
  await person.page.fill('#time_zone', 'Europe/Berlin');
  await person.press(person.button('Save'));
  await visit('profile-saved-german');
  await person.open('/account/activity');
  await visit('activity-german');
  await person.open('/account/security');
  await visit('security-german');
  await person.open('/account');
  await person.page.selectOption('#language', '');
  await person.page.fill('#time_zone', '');
  await person.press(person.button('Speichern'));
  await visit('profile-saved');

  await person.open('/account/security');
  await visit('security');
  await changePassword(person, { old: 'not the password', to: 'another password', stay: true });
  await visit('security-wrong');
  await changePassword(person, { old: esther.password, to: 'too short', stay: true });
  await visit('security-short');
  await changePassword(person, { old: esther.password, to: 'another password', stay: true });
  await visit('security-changed');
  await changePassword(person, { old: 'another password', to: esther.password, stay: true });
  await person.open('/account/activity');
  await visit('activity');
  await fromRightToLeft(person, visit);
}

// fromRightToLeft shows pages in the pseudo-language of a development server.
async function fromRightToLeft(person, visit) {
  await person.page.setExtraHTTPHeaders({ 'accept-language': 'ar-XB' });
  for (const [state, path] of [
    ['profile', '/account'], ['security', '/account/security'], ['devices', '/account/devices'], ['apps', '/account/connected-apps'],
    ['activity', '/account/activity'], ['consent', websitePath], ['problem', '/nothing/here'],
  ]) {
    await person.open(path);
    await visit(`${state}-rtl`);
  }
  await person.page.setExtraHTTPHeaders({});
}

// websitePath is an authorization request whose redirect URI is a website.
const websitePath = `/oauth/authorize?${new URLSearchParams({
  client_id: 'vdo_client_abc123', redirect_uri: 'https://yourapp.com/callback', response_type: 'code', scope: 'videos:read export:write', state: 'x',
})}`;

// appPath is an authorization request of a confidential client.
function appPath(client, redirectURI, scope, also = {}) {
  const query = { client_id: client, redirect_uri: redirectURI, response_type: 'code', scope, state: 'x', ...also };
  return `/oauth/authorize?${new URLSearchParams(query)}`;
}

const northwind = (scope) => appPath('vdo_client_northwind', 'https://captions.northwind.example/cb', scope);
const example = (scope) => appPath('vdo_client_abc123', 'https://yourapp.com/callback', scope);

// apps begins signed in as Esther, who has connected one of the apps.
async function apps(person, visit) {
  await person.open(northwind('videos:read subtitles:read subtitles:write export:write tools:write'));
  await visit('consent-of-verified-app');
  await person.open(northwind('export:write'));
  await person.choose(esther.workspace);
  await person.page.locator('input[value="export:write"]').uncheck();
  await person.press(person.decision('approve'));
  await visit('consent-nothing-chosen');
  for (const [state, scope] of [['one-click', 'videos:read jobs:read'], ['one-more', 'videos:read jobs:read export:write'], ['two-more', 'jobs:read tools:write export:write']]) {
    await person.open(example(scope));
    await visit(`consent-${state}`);
    await person.page.setExtraHTTPHeaders({ 'accept-language': 'de' });
    await person.page.reload();
    await visit(`consent-${state}-german`);
    await person.page.setExtraHTTPHeaders({});
  }
  await person.open(example('videos:read jobs:read'));
  await person.open(`/consent?whole=1&request=${person.request()}`);
  await visit('consent-nothing-new');
  await person.open('/account/connected-apps');
  await visit('apps-of-verified-app');
}

// visitResponse shows the response to a form that the pages do not send, so that the browser's
// address is of a page that can be reloaded.
async function visitResponse(person, path, headers) {
  const response = await person.context.request.post(person.stage.usher + path, { headers: { accept: 'text/html', ...headers }, form: {} });
  const shown = `${person.stage.usher}/shown`;
  await person.page.route(shown, (route) => route.fulfill({ response, status: 200 }));
  await person.page.goto(shown);
  await person.page.unroute(shown);
}

async function otherPeople(person, visit) {
  await person.start();
  const johns = person.page.url();
  await person.allow(john.workspace);
  await person.arrive();
  await person.open('/account/connected-apps');
  await person.signOut();
  await visit('signed-out');
  await person.open('/device');
  await visit('sign-in-for-device');
  await person.page.goBack();
  await person.signIn(esther);
  await person.page.goto(johns);
  await visit('request-of-another-person');
  await apps(person, visit);
  await person.open(websitePath);
  await visit('consent-for-website');
  await ownAccount(person, visit);
  await person.context.clearCookies();
  await person.page.goto(johns);
  await visit('request-of-another-browser');
  await person.context.clearCookies();
  await person.open('/cookie-check?page=signin');
  await visit('cookies-needed');
  await visitResponse(person, '/signin', { origin: 'https://evil.test' });
  await visit('cross-origin');
  await throttle(person);
  await visit('sign-in-throttled');
}

// connectApps connects an app and a device to John's workspace, which administrators see, and ends signed in as John.
async function connectApps(person) {
  await person.start();
  await person.signIn(john);
  await person.allow(john.workspace);
  await person.arrive();
  const device = await startDevice(person.stage);
  await person.page.goto(device.verification_uri_complete);
  await person.press(person.page.locator('button[value=confirm]'));
  await person.allow(john.workspace);
}

// developers visits the developer console and the pages of a workspace. It ends signed in as John, as it begins.
async function developers(person, visit) {
  await signInAt(person, john, '/developers');
  const draft = await visitDevelopers(person, visit);
  await visitWorkspaces(person, visit, example('videos:read jobs:read'));
  await signInAt(person, esther, '/developers');
  await visitStranger(person, visit, draft);
  await visitMember(person, visit);
  await signInAt(person, john, '/account/connected-apps');
}

// signInAt signs a user in at a page, whoever was signed in before.
async function signInAt(person, user, path) {
  await person.open('/account');
  if (await person.where() === 'account') await person.signOut();
  await person.open(path);
  await person.signIn(user);
}
