// A person goes back, forward and reloads after every step from the app to the app.
import { assert, john } from '../person.mjs';

export default async function backAndReload(stage) {
  const person = await stage.person();
  const state = await person.start();
  await disturb(person, 'sign-in');

  await person.signIn({ ...john, password: 'not the password' });
  await disturb(person, 'sign-in');

  await person.signIn(john);
  await disturb(person, 'consent');

  await person.allowWithoutChoice();
  await disturb(person, 'consent');

  await person.allow(john.workspace);
  await person.arrive();
  await person.page.reload();
  await person.arrive();
  await person.page.goBack();
  await mustShowAllowed(person);
  await person.page.goForward();
  await person.arrive();
  const visits = await person.visits(state);
  assert(visits.at(-1).active, `the token is not active any more: ${JSON.stringify(visits)}`);

  await person.start();
  await person.press(person.decision('deny'));
  await person.arrive('access_denied');
  await person.page.goBack();
  await person.mustBe('problem');
  await person.mustSay(/you denied/i);
  await person.mustLeadOn();
  await person.page.goForward();
  await person.arrive('access_denied');
}

// disturb goes back, forward and reloads, and fails unless the browser is on the same page
// afterwards.
async function disturb(person, where) {
  await person.mustBe(where);
  const request = person.request();
  assert(request, `the address has lost its request: ${person.page.url()}`);
  await person.page.reload();
  await person.mustBe(where);
  await person.page.goBack();
  await person.mustBe('app', 'sign-in', 'consent');
  await person.page.goForward();
  await person.mustBe(where);
  person.mustKeep(request);
}

// mustShowAllowed fails unless the page says that access was allowed, does not say that nothing was
// shared, and has a link.
async function mustShowAllowed(person) {
  await person.mustBe('problem');
  await person.mustSay(/you allowed/i);
  assert(!/nothing was shared/i.test(await person.text()), `the page says that nothing was shared: ${await person.describe()}`);
  await person.mustLeadOn();
}
