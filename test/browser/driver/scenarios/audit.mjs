// Every state of a part of the pages meets WCAG 2.2 AA, light and on a phone, and in dark its rules about colours, fits a narrow screen,
// has no control that is too small, and, under its content security policy, writes nothing to the
// console and requests nothing of another site. input: part.
import { looks, misfits, show, notColours, violations } from '../audit.mjs';
import { assert } from '../person.mjs';
import { visitStates } from '../states.mjs';

export default async function audit(stage, { part }) {
  const person = await stage.person();
  const found = [];
  let states = 0;
  await visitStates(person, part, async (state) => {
    states++;
    for (const look of looks) {
      await show(person.page, look);
      found.push(...(await violations(person.page, look.runOnly)).map((line) => `${state}, ${look.name}: ${line}`));
    }
    found.push(...(await notColours(person.page)).map((line) => `${state}: ${line}`));
    found.push(...(await misfits(person.page)).map((line) => `${state}: ${line}`));
    await show(person.page, looks[0]);
  });
  assert(found.length === 0, `${found.length} findings:\n${found.join('\n')}`);
  return { states };
}
