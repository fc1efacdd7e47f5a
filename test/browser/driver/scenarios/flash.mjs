// A link cannot make the account page say that an app was disconnected.
import { assert, john } from '../person.mjs';

export default async function flash(stage) {
  const person = await stage.person();
  await person.open('/account/connected-apps');
  await person.signIn(john);
  await person.mustBe('account');
  await person.open('/account/connected-apps?disconnected=1');
  await person.mustBe('account');
  assert(!/is disconnected|was disconnected/i.test(await person.text()), `the page shows the link's message: ${await person.describe()}`);
}
