// Writes a screenshot of every state of every page. input: folder.
import { join } from 'node:path';
import { looks, phone, show } from '../audit.mjs';
import { parts, visitStates } from '../states.mjs';

const shown = [...looks, { name: 'phone-dark', colorScheme: 'dark', size: phone }];

export default async function pictures(stage, input) {
  const files = [];
  const take = async (person, state) => {
    for (const look of shown) {
      await show(person.page, look);
      const file = `${String(files.length / shown.length | 0).padStart(2, '0')}-${state}-${look.name}.png`;
      await person.page.screenshot({ path: join(input.folder, file), fullPage: true });
      files.push(file);
    }
    await show(person.page, looks[0]);
  };
  for (const part of Object.keys(parts)) {
    const person = await stage.person();
    await visitStates(person, part, (state) => take(person, state));
  }
  return { files };
}
