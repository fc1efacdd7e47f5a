// A stranger to the console signs in there, registers an app, breaks its redirect address, finds out why in
// the log, fixes it, and gets a token in the playground. Without JavaScript.
import { appPath, callback, play, press, register } from '../developers.mjs';
import { assert, john, until } from '../person.mjs';

export default async function developers(stage) {
  const person = await stage.person({ javaScriptEnabled: false });
  await person.open('/developers');
  await person.signIn(john);
  await person.page.getByRole('link', { name: 'Register an app' }).first().click();
  await register(person, { name: 'Broken Captions' });
  const secret = (await person.page.locator('section[role=status] code').innerText()).trim();
  const app = appPath(person);
  await person.page.reload();
  assert(!(await person.text()).includes(secret), 'the secret is shown twice');

  const query = { client_id: app.split('/').pop(), redirect_uri: `${callback}/`, response_type: 'code', scope: 'videos:read', state: 'x' };
  await person.open(`/oauth/authorize?${new URLSearchParams(query)}`);
  assert(person.status === 400, `the broken address leads on: ${await person.describe()}`);

  await until(async () => {
    await person.open(`${app}/requests`);
    return /Redirect address is not registered/.test(await person.text());
  }, { describe: () => person.describe() });
  const marked = await person.page.locator('.diff mark').allInnerTexts();
  assert(marked.join('') === '/', `the difference is marked as ${marked}`);
  await person.page.getByRole('link', { name: 'Redirect addresses' }).last().click();
  await person.page.fill('#redirect_uris', `${callback}/`);
  await press(person, 'Add the address');
  await person.mustSay(/is added/);
  await person.open(`/oauth/authorize?${new URLSearchParams(query)}`);
  await person.mustBe('consent');

  await play(person, app, secret);
  await person.mustSay(/vdo_oat_/);
  await press(person, 'Call');
  await person.page.fill('#client_secret', secret);
  await press(person, 'Refresh');
  await person.page.fill('#client_secret', secret);
  await press(person, 'Revoke');
  assert(await person.page.locator('.badge.ok').count() >= 4, `a step was refused: ${await person.describe()}`);

  // The browser still sends the file when the response comes.
  for (const size of [70, 300, 5000]) {
    await person.open(`${app}/manifest`);
    await person.page.setInputFiles('#file', { name: 'app.yaml', mimeType: 'application/yaml', buffer: Buffer.alloc(size << 10, '#') });
    await press(person, 'Upload');
    await person.mustSay(/The file is too large: at most 64 KiB are allowed/);
  }
}
