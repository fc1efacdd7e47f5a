// Starts Chromium, once for all scenarios.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

// patience, in ms, is the timeout of every step. Only a hang reaches it: a busy machine takes tens
// of seconds for a step that takes one second on a quiet one.
export const patience = 150_000;

const options = {
  executablePath: process.env.USHER_TEST_CHROMIUM,
  timeout: patience,
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
  ],
};

let shared;

// newContext returns a browser context without cookies, in the Chromium that all scenarios share.
// settings are Playwright's.
export async function newContext(settings) {
  shared ??= chromium.launch(options);
  return (await shared).newContext(settings);
}

// newCookielessContext returns a browser context whose preferences block every cookie, in a
// Chromium of its own.
export async function newCookielessContext() {
  const profile = await mkdtemp(join(tmpdir(), 'usher-chromium-'));
  await mkdir(join(profile, 'Default'));
  const blocked = { profile: { default_content_setting_values: { cookies: 2 } } };
  await writeFile(join(profile, 'Default', 'Preferences'), JSON.stringify(blocked));
  const context = await chromium.launchPersistentContext(profile, options);
  context.on('close', () => rm(profile, { recursive: true, force: true, maxRetries: 5 }));
  return context;
}

// closeBrowsers closes the shared Chromium.
export async function closeBrowsers() {
  await (await shared)?.close();
}
