using FluentValidation;
using GrooteDashboard.Application.Common.Behaviours;
using MediatR;

namespace GrooteDashboard.UnitTests.Application.Common.Behaviours;

public sealed class ValidationBehaviourTests
{
    [Test]
    public void Every_broken_rule_is_named_at_once_and_the_handler_does_not_run()
    {
        var refusal = Assert.ThrowsAsync<ValidationException>(() => HandleAsync(
            new Request(-1, ""), () => Assert.Fail("the handler ran"), new NumberValidator(), new TextValidator()))!;

        Assert.That(refusal.Errors.Select(error => error.PropertyName), Is.EquivalentTo(new[] { "Number", "Text" }));
    }

    [Test]
    public async Task What_is_fine_is_handled()
    {
        var handled = false;

        await HandleAsync(new Request(1, "x"), () => handled = true, new NumberValidator(), new TextValidator());

        Assert.That(handled, Is.True);
    }

    private static Task<int> HandleAsync(Request request, Action handler, params IValidator<Request>[] validators) =>
        new ValidationBehaviour<Request, int>(validators).Handle(request, CancellationToken.None, () =>
        {
            handler();
            return Task.FromResult(1);
        });

    private sealed record Request(int Number, string Text) : IRequest<int>;

    private sealed class NumberValidator : AbstractValidator<Request>
    {
        public NumberValidator() => RuleFor(r => r.Number).GreaterThan(0);
    }

    private sealed class TextValidator : AbstractValidator<Request>
    {
        public TextValidator() => RuleFor(r => r.Text).NotEmpty();
    }
}
