// A person walks through the account with the keyboard alone and without JavaScript: the menu leads
// from every page to every other one, and to the workspaces and the developer console; a profile is
// saved by Enter. Back and reload show the page again.
import { assert, esther } from '../person.mjs';

const pages = ['/account', '/account/security', '/account/devices', '/account/connected-apps', '/account/activity'];
const consoles = ['/workspaces', '/developers'];

export default async function account(stage) {
  const person = await stage.person({ javaScriptEnabled: false });
  await person.open('/account');
  await person.signIn(esther);
  for (const from of pages) {
    await person.open(from);
    const menu = await person.page.locator('.menu a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    assert(menu.join() === [...pages, ...consoles].join(), `${from} has the menu ${menu}`);
    const current = await person.page.locator('.menu a[aria-current=page]').getAttribute('href');
    assert(current === from, `${from} says that it is ${current}`);
    await person.page.reload();
    await person.mustBe('account');
  }
  const { keyboard: keys } = person.page;
  await person.open('/account/activity');
  await tabTo(person, '.menu a[href="/account"]');
  await send(person, 'Enter');
  await tabTo(person, '#last_name');
  await send(person, 'Enter');
  await person.mustSay(/Your profile is saved/);
  await person.page.goBack();
  await person.mustBe('account');
  await person.page.reload();
  assert(!/is saved/.test(await person.text()), `the message is shown twice: ${await person.describe()}`);
  await tabTo(person, '#time_zone');
  await keys.type('Nowhere');
  await send(person, 'Enter');
  await person.mustSay(/There is no such time zone/);
  assert(await person.page.inputValue('#time_zone') === 'Nowhere', `the input is lost: ${await person.describe()}`);
}

// tabTo presses Tab until the element has the focus.
async function tabTo(person, selector) {
  for (let step = 0; step < 60; step++) {
    if (await person.page.locator(`${selector}:focus`).count()) return;
    await person.page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach ${selector}: ${await person.describe()}`);
}

async function send(person, key) {
  await Promise.all([person.page.waitForEvent('load'), person.page.keyboard.press(key)]);
}
