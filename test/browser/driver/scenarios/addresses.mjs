// Addresses that people type or browsers request by themselves return pages and redirects, never
// plain text.
import { assert, john } from '../person.mjs';

export default async function addresses(stage) {
  const person = await stage.person();
  for (const [path, status] of [['/nothing/here', 404], ['/signout', 405], ['/consent/decision', 405]]) {
    const response = await person.open(path);
    assert(response.status() === status, `${path} is ${response.status()}, want ${status}`);
    const type = response.headers()['content-type'];
    assert(/^text\/html/.test(type), `${path} is ${type}`);
    assert(await person.page.locator('main h1').count() === 1, `${path} is not a page of ours: ${await person.describe()}`);
    await person.mustLeadOn();
  }

  await person.open('/account');
  await person.mustBe('sign-in');
  await person.signIn(john);
  await person.mustBe('account');
  await person.open('/.well-known/change-password');
  await person.mustBe('account');
  const icon = await person.context.request.get(stage.usher + '/favicon.ico');
  assert(icon.ok(), `/favicon.ico is ${icon.status()}`);
}
