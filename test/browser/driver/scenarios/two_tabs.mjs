// A person has the same authorization open in two tabs and uses both.
import { assert, john } from '../person.mjs';

export default async function twoTabs(stage) {
  const first = await stage.person();
  await first.start();
  const second = await first.tab();
  await second.page.goto(first.page.url());
  await second.mustBe('sign-in');

  await first.signIn(john);
  await first.mustBe('consent');
  // The form of the second tab was made before there was a session.
  await second.signIn(john);
  if (await second.mustBe('sign-in', 'consent') === 'sign-in') await second.signIn(john);
  await second.mustBe('consent');

  await second.allow(john.workspace);
  await second.arrive();
  // The first tab still shows the question that the second has answered.
  await first.choose(john.workspace);
  await first.press(first.decision('approve'));
  await first.mustBe('app', 'consent');
  if (await first.where() === 'consent') await first.allow(john.workspace);
  await first.arrive();
  const visits = await first.visits();
  assert(visits.some((visit) => visit.active), `no token is active: ${JSON.stringify(visits)}`);
}
