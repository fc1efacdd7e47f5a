// The pages are in the browser's language, unless the app asks for another one with ui_locales.
import { assert, john } from '../person.mjs';

export default async function languages(stage) {
  const person = await stage.person({ locale: 'de-DE' });
  await person.start();
  await mustBeIn(person, 'de', /anmelden/i);
  await person.signIn({ ...john, password: 'not the password' });
  await mustBeIn(person, 'de', /das Passwort ist falsch/);
  await person.signIn(john);
  await mustBeIn(person, 'de', /möchte einen Ihrer Arbeitsbereiche nutzen/);
  await person.allow(john.workspace);
  await person.arrive();
  await person.open('/account/connected-apps');
  await mustBeIn(person, 'de', /Kann ansehen und ändern/);

  await person.start({ ui_locales: 'en-GB de' });
  await mustBeIn(person, 'en', /wants to use a workspace of yours/);
  await person.page.reload();
  await mustBeIn(person, 'en', /wants to use a workspace of yours/);
  await person.start();
  await mustBeIn(person, 'de', /möchte/);
}

// mustBeIn fails unless the page is in this language and its text matches.
async function mustBeIn(person, language, pattern) {
  const got = await person.page.locator('html').getAttribute('lang');
  assert(got === language, `expected ${language}, got ${got}: ${await person.describe()}`);
  await person.mustSay(pattern);
}
