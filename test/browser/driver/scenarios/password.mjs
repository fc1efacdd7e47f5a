// A person changes the password with two clicks, after two mistakes, and goes back and reloads at
// every step: no step asks to send the form again, and nothing happens twice. input: latency in ms
// of every response; gap in ms between the clicks; old and to, the passwords.
import { assert, changePassword, esther } from '../person.mjs';

export default async function password(stage, { latency, gap, old, to }) {
  const [here, there] = [await stage.person(), await stage.person()];
  for (const person of [here, there]) {
    await person.open('/account/security');
    await person.mustBe('sign-in');
    await person.signIn({ ...esther, password: old });
    await person.mustSay(/Change the password/);
  }
  await changePassword(here, { old: 'not the password', to });
  await here.mustSay(/The current password is wrong/);
  await here.page.reload();
  assert(!/is wrong/.test(await here.text()), `the message outlives a reload: ${await here.describe()}`);
  await changePassword(here, { old, to: 'too short' });
  await here.mustSay(/at least 12 characters/);
  await here.page.goBack();
  await here.mustSay(/Change the password/);

  await here.page.fill('#old_password', old);
  await here.page.fill('#new_password', to);
  await clickTwice(here, here.button('Change the password'), { latency, gap });
  await here.page.getByText('Your password is changed.').waitFor();
  await here.page.reload();
  await here.mustBe('account');
  await here.page.goBack();
  await here.mustBe('account');
  await there.page.reload();
  await there.mustBe('sign-in');
  await there.signIn({ ...esther, password: old });
  await there.mustSay(/password is wrong/);
  await there.signIn({ ...esther, password: to });
  await there.mustSay(/Change the password/);
}

async function clickTwice(person, button, { latency, gap }) {
  const devtools = await person.context.newCDPSession(person.page);
  await devtools.send('Network.emulateNetworkConditions', { offline: false, latency, downloadThroughput: -1, uploadThroughput: -1 });
  await button.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await button.boundingBox();
  const at = [x + width / 2, y + height / 2];
  await person.page.mouse.click(...at, { delay: 10 });
  await person.page.waitForTimeout(gap); // the time between two clicks, not a wait for a condition
  await person.page.mouse.click(...at, { delay: 10, clickCount: 2 });
}
