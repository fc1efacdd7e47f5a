// A person has the same authorization request open in two tabs and uses both.
import { assert, john } from '../person.mjs';

export default async function twoTabs(stage) {
  const first = await stage.person();
  const state = await first.start();
  const second = await first.tab();
  await second.page.goto(first.page.url());
  await second.mustBe('sign-in');

  await first.signIn(john);
  await first.mustBe('consent');
  // The form of the second tab was loaded before there was a session.
  await second.signIn(john);
  if (await second.mustBe('sign-in', 'consent') === 'sign-in') await second.signIn(john);
  await second.mustBe('consent');

  await second.allow(john.workspace);
  await second.arrive();
  // The first tab still shows the consent form of a request that the second has decided.
  await first.choose(john.workspace);
  await first.press(first.decision('approve'));
  await first.mustSay(/you allowed/i);
  await first.mustLeadOn();
  const visits = await second.visits(state);
  assert(visits.length === 1 && visits[0].active, `want one active token: ${JSON.stringify(visits)}`);
}
