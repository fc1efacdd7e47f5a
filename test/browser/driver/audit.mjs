// Checks of one page: accessibility, and whether it fits a narrow screen.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const everything = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] };
const colours = { type: 'rule', values: ['color-contrast'] };

// narrowest is the width at which WCAG 2.2 §1.4.10 demands that nothing overflows.
const narrowest = 320;

export const wide = { width: 1280, height: 900 };
export const phone = { width: 360, height: 740 };

// looks are how a page is shown: a name, a colour scheme and a size; and the rules of axe that the look may change.
export const looks = [
  { name: 'light', colorScheme: 'light', size: wide, rules: everything },
  { name: 'dark', colorScheme: 'dark', size: wide, rules: colours },
  { name: 'phone', colorScheme: 'light', size: phone, rules: everything },
];

// show gives a page a look.
export async function show(page, { colorScheme, size }) {
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize(size);
}

// violations returns what axe finds on a page by some rules, one line each. The page's context must have bypassCSP.
export async function violations(page, rules) {
  if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe);
  const found = await page.evaluate((runOnly) => window.axe.run({ runOnly, resultTypes: ['violations'] }), rules);
  return found.violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id} (${help}): ${node.html}`));
}

// overflow returns how far a page is wider than the narrowest screen, in CSS pixels.
export async function overflow(page) {
  await page.setViewportSize({ width: narrowest, height: 640 });
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}
