// A page explains that the browser sends no cookies. input: blocked, whether the browser's settings
// block them; otherwise the person deletes them while the sign-in page is open, after which the
// server cannot identify the browser.
import { john } from '../person.mjs';

export default async function noCookies(stage, { blocked }) {
  const person = blocked ? await stage.personWithoutCookies() : await stage.person();
  await person.start();
  if (!blocked) {
    await person.mustBe('sign-in');
    await person.context.clearCookies();
    await person.signIn(john);
  }
  await person.mustBe('problem');
  await person.mustSay(blocked ? /cookies/i : /another browser/i);
  await person.mustLeadOn();
}
