// No state of any page writes to the console under its content security policy, or sends a request
// to another site.
import { visitStates } from '../states.mjs';

export default async function quiet(stage) {
  const person = await stage.person();
  await visitStates(person, async () => {});
}
