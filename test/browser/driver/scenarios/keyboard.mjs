// A person signs in and allows access with the keyboard alone, with a visible focus at every step.
// The Enter key in the choice of a workspace decides nothing.
import { assert, john, until } from '../person.mjs';

const mostSteps = 60;

export default async function keyboard(stage) {
  const person = await stage.person();
  const { keyboard: keys } = person.page;
  await person.start();
  await tabTo(person, 'a.skip');
  await keys.press('Enter');
  await until(() => person.page.evaluate(() => document.activeElement.matches('main')));
  await tabTo(person, 'input[name=email]');
  await keys.type(john.email);
  await tabTo(person, 'input[name=password]');
  await keys.type(john.password);
  await sendWith(person, 'Enter');
  await person.mustBe('consent');
  await tabTo(person, 'input[name=workspace_id]');
  await keys.press('Space');
  await keys.press('ArrowDown');
  await sendWith(person, 'Enter');
  await person.mustBe('consent');
  await person.mustSay(/choose to allow or to deny/i);
  await tabTo(person, 'button[name=decision][value=approve]');
  await sendWith(person, 'Space');
  await person.arrive();
}

// tabTo presses Tab until the element has the focus, and fails where the focus is not visible.
async function tabTo(person, selector) {
  const { page } = person;
  // The browser focuses an element with autofocus a moment after the page has loaded, unless a key
  // was pressed first.
  await until(() => page.evaluate(() => document.activeElement !== document.body || !document.querySelector('[autofocus]')));
  for (let step = 0; step < mostSteps; step++) {
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
    await page.keyboard.press('Tab');
    const focus = await page.evaluate(() => {
      const at = document.activeElement;
      if (at === document.body) return { seen: true };
      const shown = [at, at.closest('label') ?? at].map((element) => getComputedStyle(element));
      const seen = shown.some((style) => (style.outlineStyle !== 'none' && style.outlineWidth !== '0px') || style.boxShadow !== 'none');
      return { seen, html: at.outerHTML.slice(0, 200) };
    });
    assert(focus.seen, `the focus is not visible on ${focus.html}`);
  }
  throw new Error(`Tab does not reach ${selector}: ${await person.describe()}`);
}

async function sendWith(person, key) {
  await Promise.all([person.page.waitForEvent('load'), person.page.keyboard.press(key)]);
}
