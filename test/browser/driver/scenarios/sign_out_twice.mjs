// A person signs out in two tabs.
import { john } from '../person.mjs';

export default async function signOutTwice(stage) {
  const first = await stage.person();
  await first.open('/account/connected-apps');
  await first.signIn(john);
  await first.mustBe('account');
  const second = await first.tab();
  await second.page.goto(first.page.url());
  await first.signOut();
  await first.mustBe('sign-in');
  await second.signOut();
  await second.mustBe('sign-in');
}
