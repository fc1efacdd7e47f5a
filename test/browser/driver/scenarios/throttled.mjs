// A person fails to sign in too often: the page says when to try again, keeps its form and the request.
const mostAttempts = 15; // above the limit of an account, which is 10

export default async function throttled(stage) {
  const person = await stage.person();
  await person.start();
  const request = person.request();
  const stranger = { email: `stranger-${Date.now()}@gmail.com`, password: 'not the password' };
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    await person.signIn(stranger);
    await person.mustBe('sign-in');
    person.mustKeep(request);
    if (/again at \d\d:\d\d|in \d+ minutes?/i.test(await person.text())) return;
  }
  throw new Error(`after ${mostAttempts} attempts the page names no time: ${await person.describe()}`);
}
