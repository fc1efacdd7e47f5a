// Runs scenarios for the Go tests: one JSON request per line on stdin, one JSON response per line
// on stdout. It closes Chromium and exits when stdin ends.
//
// A scenario is a module of scenarios/ whose default export is called with a Stage and the
// request's input. Its return value is the response's output; an exception, and every fault that
// the Stage recorded, is the response's error.
import { createInterface } from 'node:readline';
import { closeBrowsers } from './chromium.mjs';
import { Stage } from './stage.mjs';

async function play({ id, scenario, input }) {
  const stage = new Stage(input);
  const response = { id, output: null, error: '' };
  const errors = [];
  try {
    const { default: run } = await import(`./scenarios/${scenario}.mjs`);
    response.output = (await run(stage, input)) ?? null;
  } catch (err) {
    errors.push(err.stack ?? String(err));
  }
  errors.push(...await stage.close());
  response.error = errors.join('\n');
  process.stdout.write(JSON.stringify(response) + '\n');
}

process.stdout.on('error', () => process.exit(1)); // the test process has exited

for await (const line of createInterface({ input: process.stdin })) play(JSON.parse(line));
await closeBrowsers();
process.exit(0); // running scenarios are abandoned
