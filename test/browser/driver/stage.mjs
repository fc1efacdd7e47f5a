// What one scenario runs on: the addresses of Usher and the app, the browsers that it opened, and what went wrong in them.
import { newContext, newCookielessContext, patience } from './chromium.mjs';
import { Person } from './person.mjs';

// sessions are the cookies of people who have signed in, by e-mail address.
const sessions = {};

export class Stage {
  constructor({ usher, app, hasty }) {
    Object.assign(this, { usher, app, sites: [usher, app, hasty], contexts: [], faults: new Set() });
  }

  // person opens a browser for a person. settings are those of a Playwright context.
  async person(settings) {
    return this.#open(await newContext(settings));
  }

  // personSignedIn opens a browser in which that person has signed in. The session is the same for all.
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

  // personWithoutCookies opens a browser that keeps no cookies.
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
    await Promise.allSettled(this.contexts.map((context) => context.close())); // one that is closed already rejects
    return this.faults;
  }

  // watch notes what must not happen on any page: a page that a reload would post again, an error of the server, a message in
  // the console, a request to any other site.
  watch(page) {
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith('http') && !this.sites.includes(origin)) this.faults.add(`the page asks ${request.url()}`);
    });
    page.on('response', (response) => {
      const request = response.request();
      const what = `${request.method()} ${new URL(response.url()).pathname} (${response.status()})`;
      if (response.status() >= 500) this.faults.add(`${what} is an error of the server`);
      if (request.isNavigationRequest() && request.method() !== 'GET' && response.status() !== 303) {
        this.faults.add(`${what} answers a form with a page: reloading it asks to send the form again`);
      }
    });
    page.on('console', (message) => {
      // Chromium reports every page whose status is an error; which pages may be, the scenarios say.
      if (/^Failed to load resource/.test(message.text()) && this.sites.includes(new URL(message.location().url).origin)) return;
      if (/^Autofocus processing was blocked/.test(message.text())) return; // the person was faster
      this.faults.add(`console ${message.type()} on ${page.url()}: ${message.text()}`);
    });
    page.on('pageerror', (err) => this.faults.add(`a script failed on ${page.url()}: ${err.message}`));
  }
}
