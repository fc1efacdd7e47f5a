// A person without JavaScript connects the app, disconnects it and signs out.
import { assert, john } from '../person.mjs';

export default async function noScript(stage) {
  const person = await stage.person({ javaScriptEnabled: false });
  const state = await person.start();
  await person.signIn({ ...john, password: 'not the password' });
  await person.mustBe('sign-in');
  await person.signIn(john);
  await person.mustBe('consent');
  await person.allow(john.workspace);
  await person.arrive();
  const { length } = (await person.visits(state)).filter((visit) => visit.active);
  assert(length === 1, `${length} tokens are active, want one`);

  await person.start();
  await person.mustBe('consent');
  await person.press(person.decision('deny'));
  await person.arrive('access_denied');

  await person.open('/account/connected-apps');
  await person.mustBe('account');
  // By forms: the buttons of apps whose details are closed are not shown.
  const disconnect = person.page.locator('form[action$="/disconnect"]');
  const connected = await disconnect.count();
  await person.press(person.button(/disconnect/i).first());
  await person.mustBe('account');
  assert(await disconnect.count() === connected - 1, `the app is still listed: ${await person.describe()}`);
  await person.signOut();
  await person.mustBe('sign-in');
}
