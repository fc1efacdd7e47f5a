// A signed-in person opens the sign-in page and is redirected.
import { john } from '../person.mjs';

export default async function signedIn(stage) {
  const person = await stage.person();
  await person.open('/signin');
  await person.signIn(john);
  await person.mustBe('account');
  await person.open('/signin');
  await person.mustBe('account');
  await person.start();
  await person.mustBe('consent');
  await person.open(`/signin?request=${person.request()}`);
  await person.mustBe('consent');
}
