# The final stage is plain Debian with a self-contained publish: nothing of the SDK's image ships.
# Kept free of BuildKit's additions, so that every Docker builder can build it.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
# Set by BuildKit; elsewhere empty, and then the architecture of this stage counts. A default here would win over --platform.
ARG TARGETARCH
WORKDIR /source
# The packages first: their layer stays while only the source changes.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/BackupSidecar/BackupSidecar.csproj src/BackupSidecar/
RUN set -eu; \
    case "${TARGETARCH:-$(dpkg --print-architecture)}" in \
      amd64) echo linux-x64 ;; \
      arm64) echo linux-arm64 ;; \
      *) echo "There is no .NET runtime for the architecture '${TARGETARCH}': build for amd64 or arm64." >&2; exit 1 ;; \
    esac > /runtime-id; \
    dotnet restore src/BackupSidecar --runtime "$(cat /runtime-id)" -p:SelfContained=true -p:PublishReadyToRun=true
COPY src/ src/
# Compiled ahead, so that each command and run starts sooner. The analyzers speak in the build that the tests run; here they would only take time.
RUN dotnet publish src/BackupSidecar --no-restore --configuration Release --self-contained --runtime "$(cat /runtime-id)" \
      -p:PublishReadyToRun=true -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false -p:PublishDocumentationFile=false --output /opt/backup-sidecar

FROM debian:bookworm-slim
# WITH_PGDG="17 18": PostgreSQL clients of these majors in addition to Debian's own, from apt.postgresql.org.
ARG WITH_PGDG=
# WITH_MONGODB_TOOLS=1: mongodump and mongorestore, from repo.mongodb.org.
ARG WITH_MONGODB_TOOLS=
COPY scripts/image/ /tmp/image/
# The package mariadb-client is large for its many programs, of which two are used here.
RUN set -eu; \
    apt-get update; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      bash ca-certificates gpg gpg-agent gzip libisal2 libssl3 libstdc++6 libzstd1 mariadb-client postgresql-client redis-tools sqlite3 tar tzdata zstd; \
    find /usr/bin -name 'mariadb-*' ! -name mariadb-dump -delete; \
    rm -f /usr/bin/perror /usr/bin/my_print_defaults /usr/bin/resolve_stack_dump /usr/bin/replace; \
    find /usr/bin -xtype l -lname 'mariadb-*' -delete; \
    if [ -n "$WITH_PGDG" ]; then bash /tmp/image/install-postgresql-clients.sh $WITH_PGDG; fi; \
    if [ -n "$WITH_MONGODB_TOOLS" ]; then bash /tmp/image/install-mongodb-tools.sh; fi; \
    rm -rf /var/lib/apt/lists/* /var/cache/apt /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log /tmp/image
# Any user may write where a mount does not decide otherwise (--user 1000:1000); a new volume takes these modes over.
RUN set -eu; \
    mkdir -p /backups /backups-local /var/lib/backup-sidecar /hooks /config; \
    chmod 1777 /backups /backups-local /var/lib/backup-sidecar; \
    ln -s /opt/backup-sidecar/backup-sidecar /usr/local/bin/backup-sidecar; \
    ln -s /opt/backup-sidecar/backup-sidecar /usr/local/bin/backrest-sidecar; \
    ln -s /backup-scripts/backup-now.sh /usr/local/bin/backup-now; \
    ln -s /backup-scripts/list-backups.sh /usr/local/bin/list-backups; \
    ln -s /backup-scripts/restore.sh /usr/local/bin/restore
COPY --from=build /opt/backup-sidecar/ /opt/backup-sidecar/
COPY scripts/*.sh /backup-scripts/

# A small heap that grows late; no diagnostics socket in /tmp; and files that others hold locked are still read,
# because a backup reads beside the programs that own them.
ENV DOTNET_gcServer=0 \
    DOTNET_GCgen0size=0x400000 \
    DOTNET_EnableDiagnostics=0 \
    DOTNET_SYSTEM_IO_DISABLEFILELOCKING=true \
    DOTNET_RUNNING_IN_CONTAINER=true

LABEL org.opencontainers.image.title="BackupSidecar" \
      org.opencontainers.image.description="Makes a Docker Compose stack restorable: one encrypted archive, to a local folder and to S3" \
      org.opencontainers.image.base.name="docker.io/library/debian:bookworm-slim"

WORKDIR /backups
HEALTHCHECK --interval=60s --timeout=30s --start-period=60s --retries=3 CMD ["backup-sidecar", "healthcheck"]
ENTRYPOINT ["/backup-scripts/entrypoint.sh"]
