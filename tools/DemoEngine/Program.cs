using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

using GrooteDashboard.DemoEngine;
using GrooteDashboard.DemoEngine.Scenarios;

const int UsageError = 2;

var rate = new Option<double>("--rate")
{
    Description = "Tasks started per minute, may be a fraction; 0 starts none and only serves the queue agent:tasks.",
    DefaultValueFactory = _ => 6,
};
var speed = new Option<double>("--speed")
{
    Description = "Time scale of the scripts: 2 plays twice as fast.",
    DefaultValueFactory = _ => 1,
};
var maxConcurrent = new Option<int>("--max-concurrent")
{
    Description = "Tasks that run at the same time.",
    DefaultValueFactory = _ => 8,
};
var seed = new Option<int?>("--seed") { Description = "The same seed gives the same scripts. [default: random]" };
var livePath = new Option<LivePath>("--live")
{
    HelpName = "path",
    Description = "The path of live output: PubSub (channel task:{id}:output), Stream (task_events) or Mixed (each task takes one of them).",
    DefaultValueFactory = _ => LivePath.Mixed,
};
var once = new Option<string?>("--once")
{
    HelpName = "scenario",
    Description = "Run one task of this scenario and end: " + string.Join(", ", ScenarioCatalog.All.Select(s => s.Name)) + ".",
};
var taskId = new Option<string?>("--task-id") { Description = "With --once: the id of the task. [default: a new UUID]" };
var outcome = new Option<Outcome>("--outcome")
{
    Description = "With --once: AsWritten, Unsuccessful (ends by itself with success=false) or Raises (breaks off).",
};

rate.Validators.Add(result => Require(result, result.GetValue(rate) is >= 0 and <= 6000, "--rate must be between 0 and 6000."));
speed.Validators.Add(result => Require(result, result.GetValue(speed) is > 0 and <= 10_000, "--speed must be more than 0, at most 10000."));
maxConcurrent.Validators.Add(
    result => Require(result, result.GetValue(maxConcurrent) is >= 1 and <= 1000, "--max-concurrent must be between 1 and 1000."));
once.AcceptOnlyFromAmong([.. ScenarioCatalog.All.Select(s => s.Name)]);

var command = new RootCommand(
    """
    Plays an agent engine: the engine's own HTTP and Redis calls, with scripted work, so that a dashboard has something to show.

    Environment:
      DASHBOARD_URL  [default: http://127.0.0.1:5000]
      REDIS_URL      redis://[:password@]host[:port][/db] [default: redis://127.0.0.1:6379]
    """)
{
    rate, speed, maxConcurrent, seed, livePath, once, taskId, outcome,
};
command.Validators.Add(result =>
{
    if (result.GetResult(once) is null && (result.GetResult(taskId) is not null || result.GetResult(outcome) is { Implicit: false }))
        result.AddError("--task-id and --outcome need --once.");
});
command.SetAction(RunAsync);

var parsed = command.Parse(args);
if (parsed.Action is ParseErrorAction parseError)
    parseError.ShowHelp = false;

// The action has its own deadline for last reports (see Lifetime), inside this one.
var exitCode = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(1.9) });
return parsed.Errors.Count > 0 ? UsageError : exitCode;

async Task<int> RunAsync(ParseResult arguments, CancellationToken stopping)
{
    var dashboard = Environment.GetEnvironmentVariable("DASHBOARD_URL") is { Length: > 0 } d ? d : "http://127.0.0.1:5000";
    var redis = Environment.GetEnvironmentVariable("REDIS_URL") is { Length: > 0 } r ? r : "redis://127.0.0.1:6379";
    if (!Uri.TryCreate(dashboard.TrimEnd('/') + "/", UriKind.Absolute, out var dashboardUrl) || dashboardUrl.Scheme is not ("http" or "https"))
        return Refuse("DASHBOARD_URL must be an http or https URL.");
    // The value may hold a password: it is not repeated.
    if (!RedisUrl.TryParse(redis, out var redisUrl))
        return Refuse("REDIS_URL must look like redis://[:password@]host[:port][/db].");

    var options = new EngineOptions
    {
        DashboardUrl = dashboardUrl,
        RedisUrl = redisUrl,
        TasksPerMinute = arguments.GetValue(rate),
        Speed = arguments.GetValue(speed),
        MaxConcurrent = arguments.GetValue(maxConcurrent),
        Seed = arguments.GetValue(seed) ?? Random.Shared.Next(),
        LivePath = arguments.GetValue(livePath),
        Once = arguments.GetValue(once) is { } name ? ScenarioCatalog.Named(name) : null,
        TaskId = arguments.GetValue(taskId),
        Outcome = arguments.GetValue(outcome),
    };
    var log = new Log(Console.Out, TimeProvider.System);
    log.Write($"demo engine for {dashboardUrl} and {redisUrl}, seed {options.Seed}");

    using var lifetime = new Lifetime(stopping);
    await using var client = await EngineClient.ConnectAsync(options, TimeProvider.System, log);
    using var engine = new Engine(options, client, lifetime, TimeProvider.System, log);
    try
    {
        if (options.Once is { } scenario)
            return await engine.RunOnceAsync(scenario) ? 0 : 1;

        await engine.RunAsync();
    }
    catch (OperationCanceledException) when (stopping.IsCancellationRequested)
    {
        // The end was asked for, and the time for last reports is over.
    }

    return 0;
}

static int Refuse(string reason)
{
    Console.Error.WriteLine(reason);
    return UsageError;
}

static void Require(OptionResult result, bool condition, string message)
{
    if (!condition)
        result.AddError(message);
}
