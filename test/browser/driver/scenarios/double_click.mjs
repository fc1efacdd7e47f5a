// A person clicks a decision twice, and arrives at the app. input: decision, "approve" or "deny";
// latency in ms of every response; gap in ms between the clicks.
import { john, until } from '../person.mjs';

export default async function doubleClick(stage, { decision, latency, gap }) {
  const person = await stage.personSignedIn(john);
  const state = await person.start();
  await person.mustBe('consent');
  await person.choose(john.workspace);
  const devtools = await person.context.newCDPSession(person.page);
  await devtools.send('Network.emulateNetworkConditions', { offline: false, latency, downloadThroughput: -1, uploadThroughput: -1 });
  const button = person.decision(decision);
  await button.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await button.boundingBox();
  const at = [x + width / 2, y + height / 2];
  await person.page.mouse.click(...at, { delay: 10 });
  await person.page.waitForTimeout(gap); // the time between two clicks, not a wait for a condition
  await person.page.mouse.click(...at, { delay: 10, clickCount: 2 });

  if (decision === 'deny') {
    await person.arrive('access_denied');
    return;
  }
  // A second click that interrupts the redirect to the app may arrive after the app has redeemed
  // the code. That code must not be sent to the app again (RFC 6749 §4.1.2); a new one is sent
  // instead.
  // The first page of the app can appear while the navigation of a later click is still on its way.
  let visits;
  await until(async () => {
    visits = await person.visits(state);
    return visits.at(-1)?.active;
  }, {
    describe: () => `the code that arrived last gave no active token: ${JSON.stringify(visits)}\n${person.navigations.join('\n')}`,
  });
  await person.arrive();
}
