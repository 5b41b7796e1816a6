using System.Text.Json.Nodes;

namespace GrooteDashboard.DemoEngine.Scenarios;

/// <summary>A question in Slack, answered from the code in a few seconds.</summary>
internal sealed class AnswerQuestion : Scenario
{
    private static readonly (string Channel, string Question, string Pattern, string Hit, string Answer)[] Questions =
    [
        ("backend", "which service sends the invoice mails?", "InvoiceMail",
            "services/notifier/src/handlers/invoice_paid.py:31: mailer.send(InvoiceMail(order))",
            "The notifier does, in `handlers/invoice_paid.py`: it listens for `invoice.paid` and sends `InvoiceMail`."),
        ("frontend", "how long is a login valid?", "SESSION_LIFETIME",
            "services/identity/settings.py:12: SESSION_LIFETIME = timedelta(hours=12)",
            "12 hours after the last request (`SESSION_LIFETIME` in the identity service), 30 days with \"stay signed in\"."),
        ("ops", "what happens when the payment provider is down?", "ProviderUnavailable",
            "services/payments/Checkout.cs:88: catch (ProviderUnavailable) => await outbox.Enqueue(order, retryIn: 60s)",
            "The order stays `pending` and is tried again every minute for an hour; then support gets a ticket."),
        ("data", "do we store full credit card numbers anywhere?", "card_number",
            "services/payments/models.py:44: card_last4 = Column(String(4))",
            "No. We keep the last four digits and the provider's token; `card_number` appears in no model."),
    ];

    public override string Name => "answer-question";
    public override int Weight => 4;
    public override IReadOnlyList<string> Keywords => ["question", "slack", "?"];
    public override bool FitsHistory => true;

    public override Script Write(Dice dice)
    {
        var (channel, question, pattern, hit, answer) = Questions[dice.Int(0, Questions.Length - 1)];
        return Compose(
            dice, Model.Haiku, dice.Pick("brain", "question_asking"), Subject.Slack(dice, channel),
            $"@agent {question}", Steps(dice, channel, pattern, hit, answer));
    }

    private static IEnumerable<Step> Steps(Dice dice, string channel, string pattern, string hit, string answer)
    {
        yield return new Think("The code will know.", dice.Between(1, 2));
        yield return Grep(dice, pattern, dice.Between(1, 2));
        yield return Line($"{Ansi.Magenta(hit[..hit.IndexOf(": ", StringComparison.Ordinal)])}: {hit[(hit.IndexOf(": ", StringComparison.Ordinal) + 2)..]}", 0.5);
        yield return new ToolResult(hit);
        yield return new Think("That answers it.", dice.Between(1, 4));
        yield return Call(dice, "mcp__slack__send_slack_message", new JsonObject { ["channel"] = channel, ["text"] = answer }, dice.Between(0.5, 2));
        yield return new ToolResult("{\"ok\":true}");
        yield return new Conclude(answer + "\n");
    }
}
