using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace GrooteDashboard.Performance.Peers;

/// <summary>PostgreSQL's own load client: what a statement costs where nothing stands between.</summary>
internal sealed class Pgbench
{
    private readonly string _path;

    private Pgbench(string path) => _path = path;

    /// <summary>From PATH, or where Debian keeps it; null where there is none.</summary>
    public static Pgbench? Find()
    {
        const string Versions = "/usr/lib/postgresql";
        string[] installed = Directory.Exists(Versions) ? Directory.GetDirectories(Versions) : [];
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(installed.OrderDescending().Select(version => Path.Combine(version, "bin")));
        return folders.Select(folder => Path.Combine(folder, "pgbench")).FirstOrDefault(File.Exists) is { } path ? new Pgbench(path) : null;
    }

    /// <summary>One client asks the same again and again: microseconds of each, shortest first. The first tenth is not counted.</summary>
    public async Task<int[]> MeasureAsync(string sql, int requests, NpgsqlConnectionStringBuilder database, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("pgbench-");
        try
        {
            var script = Path.Combine(folder.FullName, "question.sql");
            // A statement ends with its line.
            await File.WriteAllTextAsync(script, sql.ReplaceLineEndings(" ") + ";\n", cancellationToken);
            var warmUp = requests / 10;
            var start = new ProcessStartInfo(
                _path,
                ["--no-vacuum", "--client=1", $"--transactions={requests + warmUp}", $"--file={script}", "--log", $"--log-prefix={Path.Combine(folder.FullName, "log")}"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["PGHOST"] = database.Host;
            start.Environment["PGPORT"] = database.Port.ToString(CultureInfo.InvariantCulture);
            start.Environment["PGDATABASE"] = database.Database;
            start.Environment["PGUSER"] = database.Username;
            start.Environment["PGPASSWORD"] = database.Password;
            start.Environment["PGOPTIONS"] = database.Options;
            using var process = Process.Start(start) ?? throw new Win32Exception($"{_path} did not start.");
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(cancellationToken), process.StandardError.ReadToEndAsync(cancellationToken));
            await process.WaitForExitAsync(cancellationToken);
            await output;
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException("pgbench: " + await errors);
            }

            // client, number, microseconds, script, second, microsecond
            var lines = await File.ReadAllLinesAsync(folder.GetFiles("log.*").Single().FullName, cancellationToken);
            // pgbench looks at its clock when it waits: an answer that is there before it does, as on a busy machine, took no time, and says nothing.
            return [.. lines.Skip(warmUp).Select(line => int.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture)).Where(time => time > 0).Order()];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
