namespace GrooteDashboard.DemoEngine.Scenarios;

/// <summary>A database migration that does not work: it rolls back, and the run breaks off with a stack trace.</summary>
internal sealed class RunMigration : Scenario
{
    public override string Name => "run-migration";
    public override int Weight => 1;
    public override IReadOnlyList<string> Keywords => ["migrat", "database"];

    public override Script Write(Dice dice)
    {
        var table = dice.Pick("orders", "customers", "audit_entries", "shipments");
        var number = dice.Int(20, 99);
        return Compose(
            dice, Model.Sonnet, "executor", Subject.Jira($"OPS-{dice.Int(100, 900)}", "jira:issue_updated"),
            $"@agent run migration {number:D4} (unique e-mail per tenant on {table}) on staging.", Steps(dice, table, number));
    }

    private static IEnumerable<Step> Steps(Dice dice, string table, int number)
    {
        var rows = dice.Int(900, 4200) * 1000;
        var id = dice.Int(10_000, 900_000);
        yield return new Think("A look at the migration before I run it.", dice.Between(2, 4));
        yield return Read(dice, $"migrations/{number:D4}_unique_email.py", 1);
        yield return new ToolResult($"op.create_unique_constraint('uq_{table}_tenant_email', '{table}', ['tenant_id', 'email'])");
        yield return Bash(dice, "alembic upgrade head", 2);
        yield return Line($"{Ansi.Green("INFO")}  [alembic.runtime.migration] Context impl PostgresqlImpl.");
        yield return Line($"{Ansi.Green("INFO")}  [alembic.runtime.migration] Running upgrade {dice.Hex(12)} -> {dice.Hex(12)}, unique e-mail", 1);
        yield return Line($"{Ansi.Green("INFO")}  backfilling {table}.email_normalized, {rows} rows", 1);
        foreach (var step in Progress("  backfill", dice, dice.Between(12, 28)))
            yield return step;
        yield return Line($"{Ansi.Red("ERROR")} [alembic.util.messaging] rolled back", 1);
        var error = $"(psycopg2.errors.UniqueViolation) could not create unique index \"uq_{table}_tenant_email\"";
        yield return Line(
            $"""
            Traceback (most recent call last):
              File "/usr/local/lib/python3.12/site-packages/sqlalchemy/engine/base.py", line 1967, in _exec_single_context
                self.dialect.do_execute(
              File "/usr/local/lib/python3.12/site-packages/sqlalchemy/engine/default.py", line 941, in do_execute
                cursor.execute(statement, parameters)
            psycopg2.errors.UniqueViolation: could not create unique index "uq_{table}_tenant_email"
            DETAIL:  Key (tenant_id, email)=({dice.Int(1, 90)}, user{id}@example.com) is duplicated.

            The above exception was the direct cause of the following exception:

              File "/app/migrations/{number:D4}_unique_email.py", line 24, in upgrade
                op.create_unique_constraint("uq_{table}_tenant_email", "{table}", ["tenant_id", "email"])
            {Ansi.OnRed("sqlalchemy.exc.IntegrityError")}: {Ansi.Red(error)}
            """, 1);
        yield return new ToolResult($"sqlalchemy.exc.IntegrityError: {error}", IsError: true);
        throw new RunBrokeOffException($"alembic upgrade head exited with code 1: sqlalchemy.exc.IntegrityError: {error}");
    }
}
