// A person signs another browser of theirs out, and goes back and reloads: neither does it again.
import { assert, esther } from '../person.mjs';

export default async function devices(stage) {
  const [here, there] = [await stage.person(), await stage.person()];
  for (const person of [here, there]) {
    await person.open('/account/connected-apps');
    await person.signIn(esther);
  }
  await here.open('/account/devices');
  const text = await here.text();
  assert(/Chrome on Linux/.test(text) && /This device/.test(text), `the page does not name the browser: ${await here.describe()}`);
  await here.press(here.button(/every other device/i));
  assert(/Every other device is signed out/.test(await here.text()), `nothing says what was done: ${await here.describe()}`);
  await there.page.reload();
  await there.mustBe('sign-in');
  await there.signIn(esther);
  await here.page.goBack();
  await here.page.reload();
  assert(await here.button(/^Sign out .*Chrome/i).count() === 1, `the other browser is not listed anew: ${await here.describe()}`);
  await there.open('/account/connected-apps');
  assert(await there.where() !== 'sign-in', `going back signed the other browser out again: ${await there.describe()}`);
}
