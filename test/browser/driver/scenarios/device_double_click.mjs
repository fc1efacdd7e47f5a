// A person clicks twice on every button on the way to a connected device. input: decision; gap in ms
// between the clicks.
import { john, until } from '../person.mjs';
import { mustPoll, startDevice } from '../device.mjs';

export default async function deviceDoubleClick(stage, { decision, gap }) {
  const person = await stage.personSignedIn(john);
  const device = await startDevice(stage);
  await person.page.goto(device.verification_uri_complete);
  await twice(person, person.button(/my device shows this code/i), gap);
  await until(async () => await person.decision('deny').count() === 1, { describe: () => 'there is no consent page' });
  await person.choose(john.workspace);
  await twice(person, person.decision(decision), gap);
  const wanted = decision === 'approve' ? /go back to your device/i : /you denied/i;
  await until(async () => wanted.test(await person.text()), { describe: () => `the page does not say ${wanted}: ${person.page.url()}` });
  await mustPoll(stage, device, decision === 'approve' ? undefined : 'access_denied');
}

async function twice(person, button, gap) {
  await button.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await button.boundingBox();
  const at = [x + width / 2, y + height / 2];
  await person.page.mouse.click(...at, { delay: 10 });
  await person.page.waitForTimeout(gap); // the time between two clicks, not a wait for a condition
  await person.page.mouse.click(...at, { delay: 10, clickCount: 2 });
}
