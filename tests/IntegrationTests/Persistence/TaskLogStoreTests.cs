using GrooteDashboard.Application.Realtime.Log;
using GrooteDashboard.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace GrooteDashboard.IntegrationTests.Persistence;

[TestFixture]
internal sealed class TaskLogStoreTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private TestDatabase _database = null!;
    private DashboardServer _server = null!;

    private ITaskLogStore Store => _server.Services.GetRequiredService<ITaskLogStore>();

    [OneTimeSetUp]
    public async Task StartServer()
    {
        _database = await TestDatabase.CreateAsync();
        _server = await DashboardServer.StartAsync(_database);
    }

    [OneTimeTearDown]
    public async Task StopServer()
    {
        await _server.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Test]
    public async Task Writing_the_same_rows_again_changes_nothing()
    {
        LogRow[] rows = [Row("again", 1, "a"), Row("again", 2, "b")];
        await Store.WriteAsync(rows, [], CancellationToken.None);
        await Store.WriteAsync(rows, [], CancellationToken.None);

        Assert.That(await LogAsync("again"), Is.EqualTo("1a 2b"));
    }

    [Test]
    public async Task A_row_at_an_offset_that_holds_something_else_is_kept_at_the_end()
    {
        await Store.WriteAsync([Row("twice", 1, "a"), Row("twice", 2, "b")], [], CancellationToken.None);
        await Store.WriteAsync([Row("twice", 2, "c"), Row("twice", 3, "d")], [], CancellationToken.None);

        Assert.That(await LogAsync("twice"), Is.EqualTo("1a 2b 3d 4c"));
    }

    [Test]
    public async Task A_source_id_is_stored_once_whatever_its_offset()
    {
        await Store.WriteAsync([Row("ids", 1, "a", "x")], [], CancellationToken.None);
        await Store.WriteAsync([Row("ids", 2, "a", "x"), Row("ids", 3, "b", "y")], [], CancellationToken.None);

        Assert.That(await LogAsync("ids"), Is.EqualTo("1a 3b"));
    }

    private static LogRow Row(string taskId, long offset, string output, string? sourceId = null) =>
        new(taskId, offset, Now, sourceId, OutputKinds.Output, output, null, null, null);

    private Task<string> LogAsync(string taskId) => _database.QueryAsync<string>(
        $"""SELECT string_agg("offset" || output, ' ' ORDER BY "offset") FROM task_log WHERE task_id = '{taskId}'""");
}
