// A reader of an API's reference signs in from Swagger UI and calls the API.
// input: site, the origin of the reference.
import { Person, assert, john } from '../person.mjs';

export default async function swagger(stage, { site }) {
  stage.sites.push(site);
  const { context } = await stage.person();
  const reference = await context.newPage(); // not watched: its messages in the console are Swagger UI's
  await reference.goto(`${site}/reference.html`);
  await reference.locator('.auth-wrapper button.authorize').click();
  await reference.locator('.scopes label').click();
  const [window] = await Promise.all([
    reference.waitForEvent('popup'), reference.locator('.auth-btn-wrapper button.authorize').click(),
  ]);
  stage.watch(window);
  await window.waitForLoadState();
  const person = new Person(stage, context, window);
  await person.mustBe('sign-in');
  await person.signIn(john);
  await person.mustBe('consent');
  await window.locator(`input[name=workspace_id][value=${john.workspace}]`).check({ force: true });
  await Promise.all([window.waitForEvent('close'), person.decision('approve').click()]);
  await reference.getByText('Authorized', { exact: true }).waitFor();
  await reference.getByRole('button', { name: 'Close', exact: true }).click();

  await reference.locator('.opblock-summary-control').first().click();
  await reference.getByRole('button', { name: 'Try it out' }).click();
  const called = reference.waitForResponse((response) => new URL(response.url()).pathname === '/v1/videos' && response.request().method() === 'GET');
  await reference.getByRole('button', { name: 'Execute' }).click();
  const response = await called;
  assert(response.status() === 200, `the API returns ${response.status()} ${await response.text()}`);
  await reference.locator('.responses-table.live-responses-table .response-col_status', { hasText: '200' }).first().waitFor();
}
