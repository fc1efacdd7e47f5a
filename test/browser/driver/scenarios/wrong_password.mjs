// A person mistypes the password: the address keeps the request, and Enter in the address bar
// continues it.
import { john } from '../person.mjs';

export default async function wrongPassword(stage) {
  const person = await stage.person();
  await person.start();
  const request = person.request();
  for (const enter of [false, true]) {
    await person.signIn({ ...john, password: 'not the password' });
    await person.mustBe('sign-in');
    person.mustKeep(request);
    await person.mustKeepTyped(john.email);
    await person.mustSay(/wrong|incorrect|not right/i);
    if (enter) await person.page.goto(person.page.url());
    await person.mustBe('sign-in');
  }
  await person.signIn(john);
  await person.mustBe('consent');
  await person.page.goto(person.page.url());
  await person.allow(john.workspace);
  await person.arrive();
}
