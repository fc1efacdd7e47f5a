// A person opens in one browser a request that was started in another.
import { john } from '../person.mjs';

export default async function otherBrowser(stage) {
  const first = await stage.person();
  await first.start();
  const second = await stage.person();
  await second.page.goto(first.page.url());
  await second.mustBe('problem');
  await second.mustSay(/another browser|other browser/i);
  await second.mustLeadOn();
  // The first browser can continue.
  await first.signIn(john);
  await first.allow(john.workspace);
  await first.arrive();
}
