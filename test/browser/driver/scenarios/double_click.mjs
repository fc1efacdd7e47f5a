// A person clicks a decision twice. input: decision, "approve" or "deny"; latency in ms of every response; gap in ms between
// the clicks.
import { assert, john } from '../person.mjs';

export default async function doubleClick(stage, input) {
  const person = await stage.person();
  await person.start();
  await person.signIn(john);
  await person.mustBe('consent');
  await person.choose(john.workspace);
  const devtools = await person.context.newCDPSession(person.page);
  await devtools.send('Network.emulateNetworkConditions', {
    offline: false, latency: input.latency, downloadThroughput: -1, uploadThroughput: -1,
  });
  const button = await person.decision(input.decision).boundingBox();
  const [x, y] = [button.x + button.width / 2, button.y + button.height / 2];
  await person.page.mouse.click(x, y, { delay: 10 });
  await person.page.waitForTimeout(input.gap); // the finger's time, and not a wait for anything
  await person.page.mouse.click(x, y, { delay: 10, clickCount: 2 });

  await person.arrive(input.decision === 'approve' ? 'connected' : 'access_denied');
  const visits = await person.visits();
  const last = visits.at(-1);
  if (input.decision === 'approve') {
    assert(last.status === 200 && last.active, `the code that arrived last gave no active token: ${JSON.stringify(visits)}`);
  }
  return { visits: visits.length };
}
