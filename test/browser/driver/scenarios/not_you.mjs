// A person finds another account signed in, switches to their own and goes back to the app.
import { assert, esther, john } from '../person.mjs';

export default async function notYou(stage) {
  const person = await stage.person();
  await person.start();
  await person.signIn(john);
  await person.mustBe('consent');
  const request = person.request();
  await person.press(person.decision('switch'));
  await person.mustBe('sign-in');
  person.mustKeep(request);
  await person.signIn(esther);
  await person.mustBe('consent');
  const text = await person.text();
  assert(text.includes(esther.email) && !text.includes(john.email), `the page is not for the new person: ${await person.describe()}`);
  await person.allow(esther.workspace);
  await person.arrive();
}
