// The environment of one scenario: the addresses of Usher and the app, its browsers, and the faults
// recorded in them.
import { newContext, newCookielessContext, patience } from './chromium.mjs';
import { Person } from './person.mjs';

// sessions are the cookies of signed-in people, by e-mail address.
const sessions = {};

export class Stage {
  constructor({ usher, app, hasty }) {
    Object.assign(this, { usher, app, sites: [usher, app, hasty], contexts: [], faults: new Set() });
  }

  // person opens a browser for a person. settings are those of a Playwright context.
  async person(settings) {
    return this.#open(await newContext(settings));
  }

  // personSignedIn opens a browser in which that person is signed in. All of a person's browsers
  // share one session.
  async personSignedIn(who) {
    sessions[who.email] ??= this.#signIn(who);
    return this.person({ storageState: await sessions[who.email] });
  }

  async #signIn(who) {
    const person = await this.person();
    await person.open('/signin');
    await person.signIn(who);
    return person.context.storageState();
  }

  // personWithoutCookies opens a browser that stores no cookies.
  async personWithoutCookies() {
    return this.#open(await newCookielessContext());
  }

  async #open(context) {
    this.contexts.push(context);
    context.setDefaultTimeout(patience);
    context.setDefaultNavigationTimeout(patience);
    return new Person(this, context).tab();
  }

  // close closes the browsers and returns the faults.
  async close() {
    await Promise.allSettled(this.contexts.map((context) => context.close())); // closing a closed context rejects
    return this.faults;
  }

  // watch records faults of any page: a page that a reload would post again, a 5xx response, a
  // message in the console, a request to another site.
  watch(page) {
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith('http') && !this.sites.includes(origin)) this.faults.add(`the page requests ${request.url()}`);
    });
    page.on('response', (response) => {
      const request = response.request();
      const what = `${request.method()} ${new URL(response.url()).pathname} (${response.status()})`;
      if (response.status() >= 500) this.faults.add(`${what} is an error of the server`);
      if (request.isNavigationRequest() && request.method() !== 'GET' && response.status() !== 303) {
        this.faults.add(`${what} responds to a form with a page: reloading it would post the form again`);
      }
    });
    page.on('console', (message) => {
      // Chromium logs every response with an error status; the scenarios check which are expected.
      if (/^Failed to load resource/.test(message.text()) && this.sites.includes(new URL(message.location().url).origin)) return;
      if (/^Autofocus processing was blocked/.test(message.text())) return; // a key was pressed before the autofocus
      this.faults.add(`console ${message.type()} on ${page.url()}: ${message.text()}`);
    });
    page.on('pageerror', (err) => this.faults.add(`a script failed on ${page.url()}: ${err.message}`));
  }
}
