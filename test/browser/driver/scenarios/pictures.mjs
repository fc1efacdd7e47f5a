// Writes a screenshot of every state of every page. input: folder.
import { join } from 'node:path';
import { looks, phone, show } from '../audit.mjs';
import { visitStates } from '../states.mjs';

const shown = [...looks, { name: 'phone-dark', colorScheme: 'dark', size: phone }];

export default async function pictures(stage, input) {
  const person = await stage.person();
  const files = [];
  await visitStates(person, async (state) => {
    for (const look of shown) {
      await show(person.page, look);
      const file = `${String(files.length / shown.length | 0).padStart(2, '0')}-${state}-${look.name}.png`;
      await person.page.screenshot({ path: join(input.folder, file), fullPage: true });
      files.push(file);
    }
    await show(person.page, looks[0]);
  });
  return { files };
}
