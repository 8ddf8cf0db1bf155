# Two images from one file: docker build --target silo . and docker build --target client .
# Each target's stages lie together, in this order, so that builders that run every stage up to the target run no more than they need.

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS source
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
WORKDIR /source
COPY . .

FROM source AS build-silo
# Of the native libraries only those of the image's own platform.
RUN dotnet publish src/Silo -c Release -o /app --use-current-runtime --self-contained false -p:UseAppHost=false -p:DebugType=none -p:GenerateDocumentationFile=false

FROM mcr.microsoft.com/dotnet/aspnet:10.0 AS silo
WORKDIR /app
COPY --from=build-silo /app .
# Kestrel listens where Sheaf__HealthPort says; the base image's own setting, 8080 too, would only be warned of.
ENV Sheaf__Clustering=PostgreSql Sheaf__HealthPort=8080 ASPNETCORE_HTTP_PORTS=
# Health, silo to silo, clients.
EXPOSE 8080 11111 30000
# Asks whether the silo's own membership row is Active. The image has no curl; its shell can do it.
HEALTHCHECK --interval=2s --timeout=4s --start-period=30s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${Sheaf__HealthPort} && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && read -r line <&3 && [[ $line == *' 200 '* ]]"]
USER $APP_UID
ENTRYPOINT ["dotnet", "Sheaf.Silo.dll"]

FROM source AS build-client
RUN dotnet publish src/Client -c Release -o /app --use-current-runtime --self-contained false -p:UseAppHost=false -p:DebugType=none -p:GenerateDocumentationFile=false

FROM mcr.microsoft.com/dotnet/runtime:10.0 AS client
WORKDIR /app
COPY --from=build-client /app .
ENV Sheaf__Clustering=PostgreSql
USER $APP_UID
ENTRYPOINT ["dotnet", "Sheaf.Client.dll"]
