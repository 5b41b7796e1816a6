using System.CommandLine;
using System.Net.Sockets;
using GrooteDashboard.Infrastructure;
using GrooteDashboard.Performance.Commands;
using GrooteDashboard.Performance.Peers;
using GrooteDashboard.Testing;
using GrooteDashboard.Testing.Checking;
using Npgsql;

// A peer is started by a command, in a process of its own. Nothing else is loaded before it: its start is measured, too.
switch (args)
{
    case [PeerNames.Argument, PeerNames.Bare]:
        return await BareServer.RunAsync();
    case [PeerNames.Argument, PeerNames.Raw, var redis]:
        return await RawServer.RunAsync(redis);
    case [PeerNames.Argument, PeerNames.SignalR, var redis]:
        return await SignalRServer.RunAsync(redis);
    default:
        return await Commands.RunAsync(args);
}

internal static class Commands
{
    private const int Failed = 1;

    private static readonly Option<FileInfo?> Json = new("--json")
    {
        HelpName = "file",
        Description = "Also write the results to this file.",
    };

    private static readonly Option<DirectoryInfo?> Server = new("--server")
    {
        HelpName = "folder",
        Description = "A published server, such as .data/app/server of ./run. [default: the one built with this program]",
    };

    private static readonly Option<int> Rounds = new("--rounds")
    {
        DefaultValueFactory = _ => 3,
        Description = "Runs of each, in turns; the medians count.",
    };

    private static readonly Option<string?> Keep = new("--keep")
    {
        HelpName = "database",
        Description = "Make the tasks in this database (analytics: one for each number of tasks, which is added to the name), or use those that are there, and leave them.",
    };

    public static Task<int> RunAsync(string[] args)
    {
        Rounds.Validators.Add(result => AtLeastOne(result, Rounds));
        Keep.Validators.Add(result =>
        {
            if (result.GetValue(Keep) is { } name && (name.Length > 60 || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_')))
            {
                result.AddError("--keep must be a name of a-z, 0-9 and _.");
            }
        });
        Server.Validators.Add(result =>
        {
            if (!File.Exists(Path.Combine(result.GetValue(Server)!.FullName, ServerProcess.DashboardAssembly)))
            {
                result.AddError($"--server must hold {ServerProcess.DashboardAssembly}.");
            }
        });
        // On Ctrl-C the servers are stopped and the database is dropped.
        return Root().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(20) });
    }

    private static RootCommand Root() => new(
        """
        Measures the server beside what it is made of. The server and its peers run as processes of their own, each with a private
        redis-server (from PATH, or REDIS_SERVER) and the server with a database of its own, which is dropped at the end.

        Environment:
          DATABASE_URL  a PostgreSQL whose role may create databases. While ./run runs: set -a; . .data/run.env; set +a
        """)
    {
        Startup(), Latency(), FanOut(), Slow(), Idle(), Persist(), Lists(), Search(), Analytics(), Check(),
    };

    private static Command Startup()
    {
        var command = new Command("startup", "Cold start and memory at rest, beside a bare web server.") { Rounds, Server, Json };
        command.SetAction((arguments, cancel) => GuardAsync(() => StartupCommand.RunAsync(
            new StartupOptions(arguments.GetValue(Rounds), ServerOf(arguments), arguments.GetValue(Json)), cancel)));
        return command;
    }

    private static Command Latency()
    {
        var rate = new Option<int>("--rate") { DefaultValueFactory = _ => 1_000, Description = "Messages published per second." };
        var seconds = new Option<int>("--seconds") { DefaultValueFactory = _ => 20, Description = "Length of a run." };
        var subscribers = new Option<int[]>("--subscribers")
        {
            DefaultValueFactory = _ => [1, 100],
            AllowMultipleArgumentsPerToken = true,
            Description = "Sizes of the audience.",
        };
        rate.Validators.Add(result => AtLeastOne(result, rate));
        seconds.Validators.Add(result => AtLeastOne(result, seconds));
        subscribers.Validators.Add(result =>
        {
            if (result.GetValue(subscribers) is not { Length: > 0 } sizes
                || sizes.Any(size => size is < 1 or > LatencyCommand.MaxSubscribers))
            {
                result.AddError($"--subscribers must be from 1 to {LatencyCommand.MaxSubscribers}.");
            }
        });
        var command = new Command("latency", "Publish to receive over WebSocket, beside a bare loop that forwards the same messages.")
        {
            rate, seconds, subscribers, Rounds, Server, Json,
        };
        command.SetAction((arguments, cancel) => GuardAsync(() => LatencyCommand.RunAsync(
            new LatencyOptions(
                arguments.GetValue(rate),
                arguments.GetValue(seconds),
                arguments.GetValue(subscribers)!,
                arguments.GetValue(Rounds),
                ServerOf(arguments),
                arguments.GetValue(Json)),
            cancel)));
        return command;
    }

    private static Command FanOut()
    {
        var cases = new Option<string[]>("--cases")
        {
            DefaultValueFactory = _ => ["500x1000", "500x200", "50x4000", "2000x50"],
            AllowMultipleArgumentsPerToken = true,
            Description = "Subscribers and messages per second of each run.",
        };
        var seconds = new Option<int>("--seconds") { DefaultValueFactory = _ => 8, Description = "Length of a run." };
        var size = new Option<int>("--size") { DefaultValueFactory = _ => 200, Description = "Characters of text in a message." };
        seconds.Validators.Add(result => AtLeastOne(result, seconds));
        size.Validators.Add(result => AtLeastOne(result, size));
        cases.Validators.Add(result =>
        {
            if (result.GetValue(cases) is not { Length: > 0 } texts || !Array.TrueForAll(texts, text => FanOutCase.TryParse(text, out _)))
            {
                result.AddError($"--cases are such as 500x1000: up to {LatencyCommand.MaxSubscribers} subscribers, up to 100000 messages per second.");
            }
        });
        var command = new Command("fanout", "Deliveries per second of the server's CPU, beside SignalR and a bare loop over WebSockets.")
        {
            cases, seconds, size, Rounds, Server, Json,
        };
        command.SetAction((arguments, cancel) => GuardAsync(() => FanOutCommand.RunAsync(
            new FanOutOptions(
                [.. arguments.GetValue(cases)!.Select(text => FanOutCase.TryParse(text, out var parsed) ? parsed : throw new InvalidOperationException(text))],
                arguments.GetValue(seconds),
                arguments.GetValue(size),
                arguments.GetValue(Rounds),
                ServerOf(arguments),
                arguments.GetValue(Json)),
            cancel)));
        return command;
    }

    private static Command Slow()
    {
        var readers = new Option<int>("--readers") { DefaultValueFactory = _ => 800, Description = "Clients that read." };
        var slow = new Option<int>("--slow") { DefaultValueFactory = _ => 200, Description = "Clients that do not." };
        var rate = new Option<int>("--rate") { DefaultValueFactory = _ => 500, Description = "Messages published per second." };
        var seconds = new Option<int>("--seconds") { DefaultValueFactory = _ => 30, Description = "Length of a run." };
        var size = new Option<int>("--size") { DefaultValueFactory = _ => 200, Description = "Characters of text in a message." };
        foreach (var option in new[] { readers, slow, rate, seconds, size })
        {
            option.Validators.Add(result => AtLeastOne(result, option));
        }

        var command = new Command("slow", "Clients that do not read: what they cost the others, and the server's memory.")
        {
            readers, slow, rate, seconds, size, Rounds, Server, Json,
        };
        command.SetAction((arguments, cancel) => GuardAsync(() => SlowCommand.RunAsync(
            new SlowOptions(
                arguments.GetValue(readers),
                arguments.GetValue(slow),
                arguments.GetValue(rate),
                arguments.GetValue(seconds),
                arguments.GetValue(size),
                arguments.GetValue(Rounds),
                ServerOf(arguments),
                arguments.GetValue(Json)),
            cancel)));
        return command;
    }

    private static Command Idle()
    {
        var connections = new Option<int>("--connections") { DefaultValueFactory = _ => 10_000, Description = "Idle connections, one subscription each." };
        var channels = new Option<int>("--channels") { DefaultValueFactory = _ => 100, Description = "Channels that they watch, all together." };
        var settle = new Option<int>("--settle") { DefaultValueFactory = _ => 60, Description = "Seconds until then: what runs once a second is compiled anew after half a minute." };
        var seconds = new Option<int>("--seconds") { DefaultValueFactory = _ => 60, Description = "How long the CPU at rest is measured." };
        connections.Validators.Add(result =>
        {
            if (result.GetValue(connections) is < 100 or > 100_000)
            {
                result.AddError("--connections must be from 100 to 100000.");
            }
        });
        channels.Validators.Add(result => AtLeastOne(result, channels));
        seconds.Validators.Add(result => AtLeastOne(result, seconds));
        var command = new Command("idle", "Memory and CPU that idle connections cost, beside SignalR and the framework's bare WebSockets.")
        {
            connections, channels, settle, seconds, Server, Json,
        };
        command.SetAction((arguments, cancel) => GuardAsync(() => IdleCommand.RunAsync(
            new IdleOptions(
                arguments.GetValue(connections),
                arguments.GetValue(channels),
                arguments.GetValue(settle),
                arguments.GetValue(seconds),
                ServerOf(arguments),
                arguments.GetValue(Json)),
            cancel)));
        return command;
    }

    private static Command Persist()
    {
        var chunks = new Option<int>("--chunks") { DefaultValueFactory = _ => 200_000, Description = "Chunks of output in a run." };
        var tasks = new Option<int>("--tasks") { DefaultValueFactory = _ => 50, Description = "Tasks that they belong to." };
        var noSearch = new Option<bool>("--no-search") { Description = "Nothing is made searchable meanwhile: what that costs those who store." };
        chunks.Validators.Add(result => AtLeastOne(result, chunks));
        tasks.Validators.Add(result => AtLeastOne(result, tasks));
        var command = new Command("persist", "Chunks stored per second, from Redis and by HTTP, beside a bare COPY of the same rows.")
        {
            chunks, tasks, noSearch, Rounds, Server, Json,
        };
        command.SetAction((arguments, cancel) => GuardAsync(() => PersistCommand.RunAsync(
            new PersistOptions(
                arguments.GetValue(chunks),
                arguments.GetValue(tasks),
                arguments.GetValue(Rounds),
                arguments.GetValue(noSearch),
                ServerOf(arguments),
                arguments.GetValue(Json)),
            cancel)));
        return command;
    }

    private static Command Lists()
    {
        var tasks = new Option<int>("--tasks") { DefaultValueFactory = _ => 1_000_000, Description = "Tasks in the database." };
        var bytes = new Option<int>("--output-bytes") { DefaultValueFactory = _ => 2_048, Description = "Output of each." };
        var requests = new Option<int>("--requests") { DefaultValueFactory = _ => 300, Description = "Requests of each kind." };
        var connections = new Option<int>("--connections") { DefaultValueFactory = _ => 16, Description = "Connections that read one task by id at once." };
        var seconds = new Option<int>("--seconds") { DefaultValueFactory = _ => 15, Description = "How long they do." };
        foreach (var option in new[] { tasks, requests, connections, seconds })
        {
            option.Validators.Add(result => AtLeastOne(result, option));
        }

        bytes.Validators.Add(result =>
        {
            if (result.GetValue(bytes) is < 0 or > 4_000)
            {
                result.AddError("--output-bytes must be from 0 to 4000.");
            }
        });
        var command = new Command("lists", "Lists of tasks by filter, order and cursor, and one task by id, beside the bare SQL of the same rows.")
        {
            tasks, bytes, requests, connections, seconds, Keep, Server, Json,
        };
        command.SetAction((arguments, cancel) => GuardAsync(() => ListsCommand.RunAsync(
            new ListsOptions(
                arguments.GetValue(tasks),
                arguments.GetValue(bytes),
                arguments.GetValue(requests),
                arguments.GetValue(connections),
                arguments.GetValue(seconds),
                arguments.GetValue(Keep),
                ServerOf(arguments),
                arguments.GetValue(Json)),
            cancel)));
        return command;
    }

    private static Command Analytics()
    {
        var tasks = new Option<int[]>("--tasks")
        {
            DefaultValueFactory = _ => [100_000, 10_000_000],
            AllowMultipleArgumentsPerToken = true,
            Description = "Tasks of each database; the last is compared with the first.",
        };
        var clients = new Option<int[]>("--clients") { DefaultValueFactory = _ => [1, 16], AllowMultipleArgumentsPerToken = true, Description = "Who ask at once." };
        var seconds = new Option<int>("--seconds") { DefaultValueFactory = _ => 10, Description = "How long each question is asked." };
        seconds.Validators.Add(result => AtLeastOne(result, seconds));
        foreach (var option in new[] { tasks, clients })
        {
            option.Validators.Add(result =>
            {
                if (result.GetValue(option) is not { Length: > 0 } values || Array.Exists(values, value => value is < 1 or > 100_000_000))
                {
                    result.AddError($"{option.Name} must be from 1 to 100000000.");
                }
            });
        }

        var command = new Command("analytics", "Questions over years of tasks, beside the same asked of the table by SQL; and what rollups cost those who write.")
        {
            tasks, clients, seconds, Rounds, Keep, Server, Json,
        };
        command.SetAction((arguments, cancel) => GuardAsync(() => AnalyticsCommand.RunAsync(
            new AnalyticsOptions(
                arguments.GetValue(tasks)!,
                arguments.GetValue(clients)!,
                arguments.GetValue(seconds),
                arguments.GetValue(Rounds),
                arguments.GetValue(Keep),
                ServerOf(arguments),
                arguments.GetValue(Json)),
            cancel)));
        return command;
    }

    private static Command Search()
    {
        var tasks = new Option<int>("--tasks") { DefaultValueFactory = _ => 1_000_000, Description = "Tasks, with 2 KB of output each." };
        var requests = new Option<int>("--requests") { DefaultValueFactory = _ => 40, Description = "Requests of each kind." };
        tasks.Validators.Add(result => AtLeastOne(result, tasks));
        requests.Validators.Add(result => AtLeastOne(result, requests));
        var command = new Command("search", "Full-text search over tasks and their output, by how common the words are.") { tasks, requests, Keep, Server, Json };
        command.SetAction((arguments, cancel) => GuardAsync(() => SearchCommand.RunAsync(
            new SearchOptions(
                arguments.GetValue(tasks), arguments.GetValue(requests), arguments.GetValue(Keep), ServerOf(arguments), arguments.GetValue(Json)),
            cancel)));
        return command;
    }

    private static Command Check()
    {
        var standard = new CheckOptions();
        var seconds = new Option<int>("--seconds") { DefaultValueFactory = _ => standard.Seconds, Description = "How long output is produced." };
        var tasks = new Option<int>("--tasks") { DefaultValueFactory = _ => standard.Tasks, Description = "Tasks that it belongs to." };
        var rate = new Option<int>("--rate") { DefaultValueFactory = _ => standard.Rate, Description = "Chunks per second, over all tasks." };
        var instances = new Option<int>("--instances") { DefaultValueFactory = _ => standard.Instances, Description = "Servers on one database and one Redis." };
        var clients = new Option<int>("--clients") { DefaultValueFactory = _ => standard.ClientsPerTask, Description = "Clients per task; each watches two tasks." };
        var seed = new Option<int>("--seed") { DefaultValueFactory = _ => Environment.TickCount & 0xFFFF, Description = "The same seed gives the same faults at the same times. [default: another one each time]" };
        var faults = new Option<string>("--faults") { DefaultValueFactory = _ => "redis,instance,clients", Description = "What is hurt: some of redis, instance, clients; or none." };
        var producer = new Option<string>("--producer") { DefaultValueFactory = _ => "lossless", Description = "lossless: half by the Redis stream, half by HTTP; pubsub: by PUBLISH." };
        var trace = new Option<FileInfo?>("--trace") { HelpName = "file", Description = "Write who received what when, and the servers' logs, to this file." };
        producer.AcceptOnlyFromAmong("lossless", "pubsub");
        faults.Validators.Add(result =>
        {
            if (!Enum.TryParse<Faults>(result.GetValue(faults), ignoreCase: true, out var parsed) || (parsed & ~Faults.All) != 0)
            {
                result.AddError("--faults must be some of redis, instance, clients, with commas between; or none.");
            }
        });
        foreach (var option in new[] { seconds, tasks, rate, instances, clients })
        {
            option.Validators.Add(result => AtLeastOne(result, option));
        }

        var command = new Command("check", "Kills servers, Redis and connections under load, and checks that nobody misses anything or gets anything twice.")
        {
            seconds, tasks, rate, instances, clients, producer, faults, seed, trace, Server, Json,
        };
        command.SetAction((arguments, cancel) => GuardAsync(() => CheckCommand.RunAsync(
            new CheckOptions
            {
                Seconds = arguments.GetValue(seconds),
                Tasks = arguments.GetValue(tasks),
                Rate = arguments.GetValue(rate),
                Instances = arguments.GetValue(instances),
                ClientsPerTask = arguments.GetValue(clients),
                Producer = arguments.GetValue(producer) == "pubsub" ? ProducerKind.PubSub : ProducerKind.Lossless,
                Faults = Enum.Parse<Faults>(arguments.GetValue(faults)!, ignoreCase: true),
                Seed = arguments.GetValue(seed),
            },
            ServerOf(arguments),
            arguments.GetValue(trace),
            arguments.GetValue(Json),
            cancel)));
        return command;
    }

    private static DirectoryInfo ServerOf(ParseResult arguments) =>
        arguments.GetValue(Server) ?? new DirectoryInfo(AppContext.BaseDirectory);

    private static void AtLeastOne(System.CommandLine.Parsing.OptionResult result, Option<int> option)
    {
        if (result.GetValue(option) < 1)
        {
            result.AddError($"{option.Name} must be at least 1.");
        }
    }

    private static Task<int> GuardAsync(Func<Task> command) => GuardAsync(async () =>
    {
        await command();
        return 0;
    });

    /// <summary>What the user can do something about ends with one line.</summary>
    private static async Task<int> GuardAsync(Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (Exception e) when (e is ConfigurationException or NpgsqlException or SocketException or IOException or TimeoutException
            or HttpRequestException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return Failed;
        }
        catch (OperationCanceledException)
        {
            return Failed;
        }
    }
}
