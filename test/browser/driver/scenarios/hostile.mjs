// Names that try to leave their place stay text, on the consent page and in the list of connected
// apps: they add no element, run no script, and fit a narrow screen. input: clients, with the path of
// an authorization request, the shown name, and whether to approve each; workspace, one with such a
// name.
import { misfits, violations } from '../audit.mjs';
import { assert, esther, until } from '../person.mjs';

export default async function hostile(stage, { clients, workspace }) {
  const person = await stage.person({ bypassCSP: true });
  person.page.on('dialog', (dialog) => {
    stage.faults.add(`a name opens a dialog on ${person.page.url()}`);
    dialog.dismiss();
  });
  await person.open('/signin');
  await person.signIn(esther);
  for (const { path, shown, approved } of clients) {
    await person.page.goto(stage.usher + path);
    await person.mustBe('consent');
    await mustBeText(person, [shown]);
    if (!approved) continue;
    await mustBeHarmless(person);
    const { length } = await person.page.locator('button[name=decision]').all();
    assert(length === 3, `${shown}: the page has ${length} decisions`);
    await person.choose(workspace);
    await person.press(person.decision('approve'));
    await until(() => new URL(person.page.url()).origin === stage.app);
  }
  await person.open('/account/connected-apps');
  await mustBeText(person, clients.filter(({ approved }) => approved).map(({ shown }) => shown));
  await mustBeHarmless(person);
  assert(await person.page.locator('input[name=find]').count() === 1, `there is no search: ${await person.describe()}`);
}

// mustBeText fails unless the page shows these names, each isolated from the text around it, and no
// element that is not ours.
async function mustBeText(person, names) {
  const { page } = person;
  const isolated = await page.locator('bdi').allTextContents();
  for (const name of names) assert(isolated.includes(name), `"${name}" is not shown: ${await person.describe()}`);
  const foreign = await page.locator('main img:not([src^="/logos/"]), main script, main iframe, main svg, main style, main math, main textarea, base, meta[http-equiv]').count();
  assert(foreign === 0, `the page has ${foreign} elements that are not ours: ${await person.describe()}`);
  const { length } = await page.locator('h1').all();
  assert(length === 1, `the page has ${length} headings: ${await person.describe()}`);
}

// mustBeHarmless fails unless the page is as accessible and as narrow as with any other name.
async function mustBeHarmless(person) {
  const { page } = person;
  const found = [...await misfits(page), ...await violations(page)];
  assert(found.length === 0, `${found.join('\n')}: ${await person.describe()}`);
}
