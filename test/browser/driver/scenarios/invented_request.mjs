// A person opens a sign-in page whose request does not exist: they are told before they type a password, and what to do.

export default async function inventedRequest(stage) {
  const person = await stage.person();
  await person.open(`/signin?request=${'A'.repeat(43)}`);
  await person.mustBe('problem');
  await person.mustSay(/expired|ended|start again|begin again/i);
  await person.mustLeadOn();
  await person.open(`/consent?request=${'A'.repeat(43)}`);
  await person.mustBe('problem', 'sign-in');
}
