// Two people share a browser, and the second opens what the first has begun.
import { assert, esther, john } from '../person.mjs';

export default async function otherPerson(stage) {
  const first = await stage.person();
  await first.start();
  await first.signIn(john);
  const open = first.page.url();
  const answered = await first.tab();
  await answered.start();
  const decided = answered.page.url();
  await answered.allow(john.workspace);
  await answered.arrive();

  const second = await first.tab();
  await second.open('/account/connected-apps');
  await second.signOut();
  await second.signIn(esther);
  // A request that waits for an answer is asked of the person who is signed in.
  await second.page.goto(open);
  await mustAsk(second, esther);
  // The first person's page still shows their own question: its answer decides nothing for the second.
  await first.allow(john.workspace);
  await mustAsk(first, esther);
  // One that was answered is the first person's.
  await second.page.goto(decided);
  await second.mustBe('problem');
  await second.mustSay(/another person/i);
  await second.mustLeadOn();
}

// mustAsk fails unless the person is asked in that name.
async function mustAsk(person, { email }) {
  await person.mustBe('consent');
  assert((await person.text()).includes(email), `expected a question to ${email}: ${await person.describe()}`);
}
