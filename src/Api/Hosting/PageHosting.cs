using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Net.Http.Headers;

namespace GrooteDashboard.Api.Hosting;

/// <summary>Serves the built page: hashed assets are cached for ever, the page itself never, and every deep link opens it.</summary>
internal static class PageHosting
{
    private const string ContentSecurityPolicy =
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; " +
        "object-src 'none'; base-uri 'self'; frame-ancestors 'none'";

    /// <summary>After routing: what no endpoint answers is the page, unless it is an address of the service or of a file.</summary>
    public static void UsePage(this WebApplication app)
    {
        app.UseStaticFiles(new StaticFileOptions { OnPrepareResponse = Prepare });
        app.Use((context, next) => context.GetEndpoint() is null ? ServePage(context, app.Environment.WebRootFileProvider) : next(context));
    }

    private static async Task ServePage(HttpContext context, IFileProvider files)
    {
        var request = context.Request;
        // Ids of tasks may hold dots: what a browser opens as a page is one, whatever its address looks like.
        var isPage = (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            && (!Path.HasExtension(request.Path) || request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
            && !request.Path.StartsWithSegments("/api") && !request.Path.StartsWithSegments("/ws");
        var page = files.GetFileInfo("index.html");
        if (!isPage || !page.Exists)
        {
            var detail = isPage ? "The page is not built: run npm run build in src/Web." : "Not Found";
            await TypedResults.Problem(detail, statusCode: StatusCodes.Status404NotFound).ExecuteAsync(context);
            return;
        }

        context.Response.ContentType = "text/html; charset=utf-8";
        SetPageHeaders(context.Response);
        await context.Response.SendFileAsync(page, context.RequestAborted);
    }

    private static void Prepare(StaticFileResponseContext file)
    {
        if (file.Context.Request.Path.StartsWithSegments("/assets"))
        {
            file.Context.Response.Headers[HeaderNames.CacheControl] = "public, max-age=31536000, immutable";
        }
        else
        {
            SetPageHeaders(file.Context.Response);
        }
    }

    private static void SetPageHeaders(HttpResponse response)
    {
        response.Headers[HeaderNames.CacheControl] = "no-cache";
        response.Headers[HeaderNames.ContentSecurityPolicy] = ContentSecurityPolicy;
    }
}
