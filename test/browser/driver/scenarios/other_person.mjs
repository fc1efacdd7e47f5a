// Two people share a browser: the second opens what the first has begun and signed in for.
import { esther, john } from '../person.mjs';

export default async function otherPerson(stage) {
  const first = await stage.person();
  await first.start();
  await first.signIn(john);
  await first.mustBe('consent');
  const address = first.page.url();
  const second = await first.tab();
  await second.open('/account/connected-apps');
  await second.signOut();
  await second.signIn(esther);
  await second.page.goto(address);
  if (await second.mustBe('problem', 'consent', 'sign-in') === 'problem') {
    await second.mustSay(/another person|other person|someone else/i);
    await second.mustLeadOn();
  }
}
