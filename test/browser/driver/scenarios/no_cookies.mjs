// A person whose browser keeps no cookies is told so. input: blocked, whether the browser's settings block them; otherwise the
// person clears them while the sign-in page is open.
import { john } from '../person.mjs';

export default async function noCookies(stage, input) {
  const person = input.blocked ? await stage.personWithoutCookies() : await stage.person();
  await person.start();
  if (await person.where() === 'sign-in') {
    await person.context.clearCookies();
    await person.signIn(john);
  }
  await person.mustSay(/cookie/i);
  await person.mustLeadOn();
}
