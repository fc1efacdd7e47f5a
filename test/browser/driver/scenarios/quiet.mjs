// No state of any page writes to the console under the content security policy that it is served with, or asks another site.
import { visitStates } from '../states.mjs';

export default async function quiet(stage) {
  const person = await stage.person();
  await visitStates(person, async () => {});
}
