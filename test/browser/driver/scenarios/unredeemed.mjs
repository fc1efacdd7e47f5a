// A person comes back from an app that was down and did not redeem its code: the page links to the
// app again.
import { assert, john } from '../person.mjs';

export default async function unredeemed(stage) {
  const person = await stage.personSignedIn(john);
  const state = await person.start({ hold: 1 });
  await person.allow(john.workspace);
  await person.arrive('held');
  await person.page.goBack();
  await person.mustSay(/has not received its access yet/i);
  await person.press(person.decision('approve'));
  await person.arrive();
  const visits = await person.visits(state);
  assert(visits.at(-1).active, `no token is active: ${JSON.stringify(visits)}`);
}
