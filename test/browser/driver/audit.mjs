// Checks of one page: accessibility, and whether it fits a narrow screen.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const rules = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] };

// colours are those rules that depend on colours. The others give the same result in light and in
// dark: notColours fails where a colour scheme sets anything but colours and shadows.
const colours = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };

// widths, in CSS pixels, at which a page must not overflow: WCAG 2.2 §1.4.10 requires 320, and 640
// is a wide screen at a zoom of 200 %.
const widths = [320, 640];

// smallest is the minimum height of a control, in CSS pixels (WCAG 2.2 §2.5.5).
const smallest = 44;

// controls are the elements with that height: all but links inside of a text.
const controls = 'button, summary, a.button, .menu a, .top a, select, input:not([type=hidden], [hidden], [type=radio], [type=checkbox]), label:has([type=radio], [type=checkbox])';

export const wide = { width: 1280, height: 900 };
export const phone = { width: 360, height: 740 };

// looks are how a page is shown: a name, a colour scheme and a size; and what axe checks in it.
export const looks = [
  { name: 'light', colorScheme: 'light', size: wide, runOnly: rules },
  { name: 'dark', colorScheme: 'dark', size: wide, runOnly: colours },
  { name: 'phone', colorScheme: 'light', size: phone, runOnly: rules },
];

// show applies a look to a page. Without animations, so that no colour is measured on its way to
// another.
export async function show(page, { colorScheme, size }) {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await page.setViewportSize(size);
}

// violations returns the violations that axe finds on a page, one line each. axe requests nothing
// (preload), since the page's content security policy would refuse it.
export async function violations(page, runOnly = rules) {
  if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe);
  const found = await page.evaluate((only) => window.axe.run({ runOnly: only, resultTypes: ['violations'], preload: false }), runOnly);
  return found.violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id} (${help}): ${node.html}`));
}

// notColours returns what a colour scheme sets that is no colour and no shadow, one line each, and a
// line where it finds no colour scheme.
export function notColours(page) {
  return page.evaluate(() => {
    const schemes = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
      .filter((rule) => /prefers-color-scheme/.test(rule.media?.mediaText));
    if (!schemes.length) return ['no style sheet sets a colour scheme'];
    return schemes.flatMap((scheme) => [...scheme.cssRules])
      .flatMap(({ selectorText, style }) => [...style].map((name) => [selectorText, name, style.getPropertyValue(name)]))
      .filter(([selector, name, value]) => selector !== ':root' || !name.startsWith('--') || !CSS.supports('color', value) && !CSS.supports('box-shadow', value))
      .map(([selector, name, value]) => `a colour scheme sets ${selector} { ${name}: ${value} }`);
  });
}

// misfits returns the elements that are wider than the screen, and the controls that are too small,
// one line each.
export async function misfits(page) {
  const found = [];
  for (const width of widths) {
    await page.setViewportSize({ width, height: 640 });
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (beyond > 0) found.push(`${beyond} px wider than a screen of ${width}`);
    found.push(...await page.evaluate(({ least, wanted }) => [...document.querySelectorAll(wanted)]
      .filter((element) => element.checkVisibility())
      .map((element) => [element.getBoundingClientRect().height, element.outerHTML])
      .filter(([height]) => height < least)
      .map(([height, html]) => `${height} px high: ${html}`), { least: smallest, wanted: controls }));
  }
  return found;
}
