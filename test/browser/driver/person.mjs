// A person at a browser: reading pages, filling in forms, clicking.
import { patience } from './chromium.mjs';

// The users of the development fixtures.
export const john = { email: 'john.doe@gmail.com', password: 'examplepassword', workspace: 'ws_acme' };
export const esther = { email: 'esther.fray@gmail.com', password: 'examplepassword', workspace: 'ws_acme' };

// mostAttempts is above the limit of an account, which is 10.
const mostAttempts = 15;

// throttle fails to sign in until the page says that there were too many attempts. check is called
// on every page with the entered address.
export async function throttle(person, check = async () => {}) {
  await person.start();
  const stranger = { email: `stranger-${Date.now()}@gmail.com`, password: 'not the password' };
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    await person.signIn(stranger);
    await check(stranger.email);
    if (/again at|in \d+ minutes?/i.test(await person.text())) return;
  }
  throw new Error(`after ${mostAttempts} attempts the page does not say when to try again: ${await person.describe()}`);
}

// changePassword fills in and submits the page of the password. stay keeps the other sessions.
export async function changePassword(person, { old, to, stay }) {
  const { page } = person;
  await page.fill('#old_password', old);
  await page.fill('#new_password', to);
  if (stay) await page.uncheck('[name=sign_out_elsewhere]');
  await page.locator('form:has(#new_password)').evaluate((form) => { form.noValidate = true; });
  await person.press(person.button('Change the password'));
}

// assert throws an error with the expectation.
export function assert(condition, expected) {
  if (!condition) throw new Error(expected);
}

// until polls a condition until it returns true. pause is the time between two checks, in ms;
// describe returns the message of the failure.
export async function until(condition, { pause = 20, describe = () => 'nothing changed' } = {}) {
  for (const deadline = Date.now() + patience; !await condition();) {
    assert(Date.now() < deadline, `${describe()}, after ${patience / 1000} s`);
    await new Promise((wake) => { setTimeout(wake, pause); });
  }
}

// Person is a person who uses one tab of a browser.
export class Person {
  constructor(stage, context, page) {
    Object.assign(this, { stage, context, page, status: 0, navigations: [] });
    // The status of the page in the tab: an error page fails a step at once, instead of at the
    // timeout.
    page?.on('response', (response) => {
      if (response.request().isNavigationRequest()) this.status = response.status();
    });
    // The navigations in their order, for the message of a failure.
    for (const event of ['request', 'requestfinished', 'requestfailed']) {
      page?.on(event, (request) => {
        if (request.isNavigationRequest()) this.navigations.push(`${event} ${request.method()} ${request.url()}`);
      });
    }
  }

  // tab returns the same person with a new tab.
  async tab() {
    const page = await this.context.newPage();
    this.stage.watch(page);
    return new Person(this.stage, this.context, page);
  }

  // open opens a path of Usher.
  open(path) {
    return this.page.goto(this.stage.usher + path);
  }

  // start starts at the app, which redirects to Usher. query is added to the authorization request.
  // It returns the request's state, by which the app lists its visits.
  async start(query = {}) {
    await this.page.goto(this.stage.app + '/');
    const started = await this.page.goto(`${this.stage.app}/start?${new URLSearchParams(query)}`);
    let first = started.request();
    while (first.redirectedFrom() && new URL(first.url()).pathname !== '/oauth/authorize') first = first.redirectedFrom();
    return new URL(first.url()).searchParams.get('state');
  }

  // where returns the name of the current page.
  async where() {
    if (new URL(this.page.url()).origin === this.stage.app) return 'app';
    if (await this.page.locator('input[name=password]').count()) return 'sign-in';
    if (await this.page.locator('button[name=decision][value=deny]').count()) return 'consent';
    if (await this.page.locator('form[action="/signout"]').count()) return 'account';
    return 'problem';
  }

  // mustBe fails unless the current page is one of these, and returns its name.
  async mustBe(...wanted) {
    const at = await this.where();
    assert(wanted.includes(at), `expected ${wanted.join(' or ')}, got ${at}: ${await this.describe()}`);
    return at;
  }

  // describe describes the current page, for the message of a failure.
  async describe() {
    const text = (await this.text()).replace(/\s+/g, ' ').slice(0, 400);
    return `${this.page.url()} (${this.status}) "${await this.page.title()}": ${text}`;
  }

  // text returns the page's text.
  text() {
    return this.page.locator('body').innerText();
  }

  // mustSay fails unless the page's text matches.
  async mustSay(pattern) {
    assert(pattern.test(await this.text()), `expected ${pattern}: ${await this.describe()}`);
  }

  // mustLeadOn fails unless the page has a link or a form.
  async mustLeadOn() {
    assert(await this.page.locator('main a, main form').count(), `the page has no link and no form: ${await this.describe()}`);
  }

  // mustKeepTyped fails unless the sign-in form has this e-mail address.
  async mustKeepTyped(email) {
    const typed = await this.page.inputValue('input[name=email]');
    assert(typed === email, `the form has lost the address ${email}: it shows "${typed}"`);
  }

  // request returns the id of the authorization request in the page's address; null if there is
  // none.
  request() {
    return new URL(this.page.url()).searchParams.get('request');
  }

  // mustKeep fails unless the page's address has this request.
  mustKeep(request) {
    assert(request && this.request() === request, `the address has lost its request: ${this.page.url()}`);
  }

  // press clicks and waits for the next page.
  async press(target) {
    await Promise.all([this.page.waitForEvent('load'), target.click()]);
  }

  button(name) {
    return this.page.getByRole('button', { name });
  }

  decision(value) {
    return this.page.locator(`button[name=decision][value=${value}]`);
  }

  // signIn fills in and submits the sign-in page.
  async signIn({ email, password }) {
    await this.page.fill('input[name=email]', email);
    await this.page.fill('input[name=password]', password);
    await this.press(this.page.locator('form:has(input[name=password]) button.primary'));
  }

  // signOut clicks the button of the account page.
  async signOut() {
    await this.press(this.page.locator('form[action="/signout"] button'));
  }

  // choose selects a workspace on the consent page.
  async choose(workspace) {
    await this.page.locator(`input[name=workspace_id][value=${workspace}]`).check();
  }

  // allow selects a workspace and allows access.
  async allow(workspace) {
    await this.choose(workspace);
    await this.press(this.decision('approve'));
  }

  // allowWithoutChoice submits the consent form without a workspace, as a browser does that ignores
  // "required".
  async allowWithoutChoice() {
    await this.page.locator('form:has(button[value=approve])').evaluate((form) => { form.noValidate = true; });
    await this.press(this.decision('approve'));
  }

  // arrive waits until the browser is at the app, which shows "connected", or this error code. The
  // app may show something else before: a second click's navigation can follow a first one that
  // has arrived.
  async arrive(outcome = 'connected') {
    let got;
    await until(async () => {
      if (new URL(this.page.url()).origin === this.stage.app) {
        got = await this.page.locator('#outcome').innerText();
        return got === outcome;
      }
      assert(this.status < 400, `the app was not reached: ${await this.describe()}`);
      return false;
    }, { describe: () => `expected the app to show "${outcome}", it shows "${got}"\n${this.navigations.join('\n')}` });
  }

  // visits returns the app's callbacks of an authorization request.
  async visits(state) {
    const res = await fetch(`${this.stage.app}/visits?${new URLSearchParams({ state })}`);
    assert(res.ok, `the app does not list its visits: ${res.status}`);
    return res.json();
  }
}
