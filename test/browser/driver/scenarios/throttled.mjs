// A person fails to sign in too often: the page says when to try again, and keeps the e-mail
// address and the request.
import { throttle } from '../person.mjs';

export default async function throttled(stage) {
  const person = await stage.person();
  let request;
  await throttle(person, async (email) => {
    await person.mustBe('sign-in');
    await person.mustKeepTyped(email);
    request ??= person.request();
    person.mustKeep(request);
  });
  await person.mustSay(/\d\d:\d\d/);
}
