using GrooteDashboard.Api.Hosting;
using GrooteDashboard.Infrastructure;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

try
{
    var app = WebApplication.CreateBuilder(args).ConfigureDashboard().Build();
    if (args is [RollupsCommand.Name, ..])
    {
        return await RollupsCommand.RunAsync(app, args);
    }

    app.UseDashboard();
    await app.RunAsync();
    return 0;
}
catch (Exception e) when (e is OptionsValidationException or ConfigurationException or IOException { InnerException: AddressInUseException })
{
    // A wrong setting stops the process with one line that names it.
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
