// A device without a browser, which shows a code and polls (RFC 8628).
import { assert } from './person.mjs';

const client = 'vdo_client_device123';

// startDevice starts a device and returns its codes.
export async function startDevice(stage, scope = 'videos:read jobs:read') {
  return request(stage, '/oauth/device_authorization', { scope });
}

// poll returns the response to a poll of the device: tokens, or an error.
export async function poll(stage, device) {
  return request(stage, '/oauth/token', { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: device.device_code });
}

async function request(stage, path, parameters) {
  const res = await fetch(stage.usher + path, { method: 'POST', body: new URLSearchParams({ client_id: client, ...parameters }) });
  return res.json();
}

// enter types a code on the page for devices.
export async function enter(person, code) {
  await person.page.fill('input#user_code', code);
  await person.press(person.page.locator('form:has(input#user_code) button.primary'));
}

// mustPoll fails unless a poll returns this error, or tokens for undefined.
export async function mustPoll(stage, device, error) {
  const got = await poll(stage, device);
  assert(got.error === error, `a poll returns ${JSON.stringify(got.error)}, want ${error}`);
}
