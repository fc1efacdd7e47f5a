// A person allows access in one tab after signing out in another.
import { john } from '../person.mjs';

export default async function allowAfterSignOut(stage) {
  const first = await stage.person();
  await first.start();
  await first.signIn(john);
  await first.mustBe('consent');
  const request = first.request();
  const second = await first.tab();
  await second.open('/account/connected-apps');
  await second.signOut();

  await first.allow(john.workspace);
  await first.mustBe('sign-in');
  first.mustKeep(request);
  await first.signIn(john);
  await first.mustBe('consent');
  await first.allow(john.workspace);
  await first.arrive();
}
