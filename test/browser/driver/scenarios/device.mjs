// A person connects a device by typing its code, and another one by the address of a QR code.
// input: script, whether JavaScript is on. Back, forward and reload follow every step.
import { assert, john } from '../person.mjs';
import { enter, mustPoll, startDevice } from '../device.mjs';

export default async function connectDevice(stage, { script }) {
  const person = await stage.person({ javaScriptEnabled: script });
  const typed = await startDevice(stage);
  await mustPoll(stage, typed, 'authorization_pending');
  await person.open('/device');
  await person.mustBe('sign-in');
  await person.mustSay(/connect a device/i);
  await person.signIn({ ...john, password: 'not the password' });
  await person.mustBe('sign-in');
  await person.signIn(john);
  await person.mustSay(/enter the code/i);
  await reload(person, /enter the code/i);
  await enter(person, 'bbbb bbbb');
  await person.mustSay(/no device waits/i);
  assert(await person.page.inputValue('input#user_code') === 'bbbb bbbb', 'the form has lost the code');
  await enter(person, typed.user_code.toLowerCase().replace('-', ''));
  await person.mustBe('consent');
  await person.mustSay(/only go on if you are holding it/i);
  await reload(person, /only go on if you are holding it/i);
  const consent = person.page.url();
  await person.page.goBack();
  await person.mustSay(/enter the code/i);
  await person.page.goForward();
  await person.mustBe('consent');
  await person.allow(john.workspace);
  await person.mustSay(/go back to your device/i);
  await reload(person, /go back to your device/i);
  assert(person.page.url() === consent, `the address is ${person.page.url()}`);
  await mustPoll(stage, typed, undefined);
  await reload(person, /has received its access/i);
  await person.page.goBack();
  await person.mustBe('problem');
  await person.mustLeadOn();

  const scanned = await startDevice(stage);
  await person.page.goto(scanned.verification_uri_complete);
  await person.mustSay(new RegExp(scanned.user_code));
  await person.mustSay(/compare this code/i);
  await mustPoll(stage, scanned, 'authorization_pending');
  await person.press(person.button(/my device shows this code/i));
  await person.mustBe('consent');
  await person.press(person.decision('deny'));
  await person.mustSay(/you denied/i);
  await mustPoll(stage, scanned, 'access_denied');
  await reload(person, /you denied/i);
}

// reload reloads the page, which must say the same and post nothing.
async function reload(person, pattern) {
  await person.page.reload();
  await person.mustSay(pattern);
}
