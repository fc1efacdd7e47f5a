// A person whose browser keeps no cookies is told so. input: blocked, whether the browser's settings block them; otherwise the
// person clears them while the sign-in page is open, after which no server can tell this browser from another.
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
