# The page
FROM node:20-bookworm-slim AS web
WORKDIR /source/src/Web
COPY src/Web/package.json src/Web/package-lock.json ./
RUN npm ci
COPY src/Web ./
RUN npm run build

# The server, with the page in its wwwroot
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY Directory.Build.props Directory.Packages.props global.json .editorconfig ./
COPY src ./src
COPY --from=web /source/src/Api/wwwroot ./src/Api/wwwroot
RUN dotnet publish src/Api/Api.csproj -c Release -p:BuildWeb=false -p:RestoreLockedMode=true -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app ./
ENV ASPNETCORE_URLS=http://+:8080
EXPOSE 8080
USER $APP_UID
# The image has no curl; bash opens the connection by itself.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /api/health/live HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r -t 4 _ status _ <&3 && [[ $status == 200 ]]"]
ENTRYPOINT ["dotnet", "GrooteDashboard.Api.dll"]
