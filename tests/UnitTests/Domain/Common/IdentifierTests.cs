using FsCheck;
using GrooteDashboard.Domain.Common;

namespace GrooteDashboard.UnitTests.Domain.Common;

public sealed class IdentifierTests
{
    private const string Allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@#-";

    [TestCase("task-1")]
    [TestCase("github:owner@host#42")]
    [TestCase("a")]
    [TestCase(".a")]
    [TestCase("...x...")]
    public void Ids_of_the_existing_systems_are_valid(string id) => Assert.That(Identifier.IsValid(id), Is.True);

    [TestCase("")]
    [TestCase(".")]
    [TestCase("..")]
    [TestCase("a/b")]
    [TestCase("a b")]
    [TestCase("a\n")]
    [TestCase("a\0")]
    [TestCase("ä")]
    [TestCase("a%2Fb")]
    [TestCase("a*")]
    public void Ids_that_could_lead_elsewhere_are_refused(string id) => Assert.That(Identifier.IsValid(id), Is.False);

    [Test]
    public void An_id_has_255_characters_at_most() => Assert.Multiple(() =>
    {
        Assert.That(Identifier.IsValid(new string('x', 255)), Is.True);
        Assert.That(Identifier.IsValid(new string('x', 256)), Is.False);
    });

    [Test]
    public void Any_string_is_valid_exactly_if_it_has_the_form() => Prop.ForAll<string?>(text =>
    {
        var id = text ?? "";
        return Identifier.IsValid(id) == (id.Length is >= 1 and <= 255 && id.All(Allowed.Contains) && id.Any(c => c != '.'));
    }).QuickCheckThrowOnFailure();

    [Test]
    public void Any_string_of_allowed_characters_is_valid_unless_it_is_only_dots() => Prop.ForAll(
        Arb.From(Gen.NonEmptyListOf(Gen.Elements(Allowed.ToCharArray())).Where(list => list.Length <= 255)),
        characters =>
        {
            var id = string.Concat(characters);
            return Identifier.IsValid(id) == id.Any(c => c != '.');
        }).QuickCheckThrowOnFailure();

    [Test]
    public void Requiring_names_the_field_that_is_wrong()
    {
        var refusal = Assert.Throws<DomainRuleException>(() => Identifier.Require("a/b", "session_id"))!;

        Assert.Multiple(() =>
        {
            Assert.That(refusal.Code, Is.EqualTo("invalid_id"));
            Assert.That(refusal.Message, Does.StartWith("session_id "));
            Assert.That(Identifier.Require("a-b", "session_id"), Is.EqualTo("a-b"));
        });
    }
}
