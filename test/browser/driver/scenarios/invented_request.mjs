// A person opens a sign-in page whose request does not exist: the page says so, and what to do,
// before a password is entered.

export default async function inventedRequest(stage) {
  const person = await stage.person();
  await person.open(`/signin?request=${'A'.repeat(43)}`);
  await person.mustBe('problem');
  await person.mustSay(/expired|ended|start again|begin again/i);
  await person.mustLeadOn();
  await person.open(`/consent?request=${'A'.repeat(43)}`);
  await person.mustBe('problem', 'sign-in');
}
