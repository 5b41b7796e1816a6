using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GrooteDashboard.IntegrationTests.System;

/// <summary>The least that an exporter takes for an OTLP collector over HTTP.</summary>
internal static class Collector
{
    /// <returns>The port on which it listens.</returns>
    public static int Start(HttpListener listener)
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        return port;
    }

    public static async Task<(string Path, string Body)> ReceiveAsync(HttpListener listener)
    {
        var context = await listener.GetContextAsync();
        using var reader = new StreamReader(context.Request.InputStream, Encoding.Latin1);
        var body = await reader.ReadToEndAsync();
        context.Response.ContentType = "application/x-protobuf";
        context.Response.Close();
        return (context.Request.Url!.AbsolutePath, body);
    }
}
