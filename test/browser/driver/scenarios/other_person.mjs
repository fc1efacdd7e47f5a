// Two people share a browser, and the second opens a request that the first has started.
import { assert, esther, john } from '../person.mjs';

export default async function otherPerson(stage) {
  const first = await stage.person();
  await first.start();
  await first.signIn(john);
  const open = first.page.url();
  const decided = await first.tab();
  await decided.start();
  const decidedURL = decided.page.url();
  await decided.allow(john.workspace);
  await decided.arrive();

  const second = await first.tab();
  await second.open('/account/connected-apps');
  await second.signOut();
  await second.signIn(esther);
  // An undecided request is shown to the signed-in person.
  await second.page.goto(open);
  await mustAsk(second, esther);
  // The first person's tab still shows their consent form: submitting it does not decide for the
  // second.
  await first.allow(john.workspace);
  await mustAsk(first, esther);
  // A decided request belongs to the first person.
  await second.page.goto(decidedURL);
  await second.mustBe('problem');
  await second.mustSay(/another person/i);
  await second.mustLeadOn();
}

// mustAsk fails unless the consent page is addressed to the person.
async function mustAsk(person, { email }) {
  await person.mustBe('consent');
  assert((await person.text()).includes(email), `expected a consent page for ${email}: ${await person.describe()}`);
}
