// The client selects the pages with prompt, max_age and login_hint (OpenID Connect Core §3.1.2.1).
import { assert, esther, john } from '../person.mjs';

export default async function prompts(stage) {
  const person = await stage.person();
  await person.start({ login_hint: esther.email });
  await person.mustBe('sign-in');
  const hinted = await person.page.inputValue('input[name=email]');
  assert(hinted === esther.email, `login_hint is not in the form: it shows "${hinted}"`);
  await person.signIn(john);
  await person.mustBe('consent');

  for (const query of [{ prompt: 'login' }, { max_age: '0' }]) {
    await person.start(query);
    await person.mustBe('sign-in');
    await person.signIn(john);
    await person.mustBe('consent');
    await person.page.reload();
    await person.mustBe('consent');
  }
  await person.start({ max_age: '3600' });
  await person.mustBe('consent');

  await person.start({ prompt: 'select_account' });
  await person.mustBe('sign-in');
  await person.signIn(esther);
  await person.mustBe('consent');
  await person.allow(esther.workspace);
  await person.arrive();
}
