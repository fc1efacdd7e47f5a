// A person takes longer than a request lasts: the page says so before the password is entered, and
// after it was submitted. input: hasty, a Usher whose requests expire after a minute, and path, an
// authorization request of it.
import { john, until } from '../person.mjs';

export default async function expired(stage, { hasty, path }) {
  const slow = await stage.person();
  await slow.page.goto(hasty + path);
  await slow.mustBe('sign-in');
  const waiting = await slow.tab();
  await waiting.page.goto(slow.page.url());
  await until(async () => {
    await waiting.page.reload();
    return await waiting.where() === 'problem';
  }, { pause: 1_000 });
  await mustSayExpired(waiting);
  await slow.signIn(john);
  await mustSayExpired(slow);
}

async function mustSayExpired(person) {
  await person.mustBe('problem');
  await person.mustSay(/has expired/i);
  await person.mustSay(/nothing was shared/i); // the expired request is still known here
  await person.mustLeadOn();
}
