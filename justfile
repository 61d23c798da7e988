# The one door: `just` lists what there is. The tests themselves need nothing of this.

compose := "docker-compose --file docker-compose.example.yml"

_default:
    @just --list

# Build the solution; a warning is an error.
build:
    dotnet build BackupSidecar.sln

# Everything: what the tests need, every check, every test.
test:
    ./test.sh

# The tests of the program alone: no Docker, no servers.
test-quick:
    ./test.sh --quick

# Everything, with the long tests in full length.
test-long:
    BACKUP_TEST_LONG=1 ./test.sh

# A backup and its restore on this machine, without Docker.
try *options:
    scripts/try.sh {{options}}

# Build the image. For example: just image --build-arg WITH_PGDG=17
image *options:
    docker build {{options}} --tag backup-sidecar:latest .

# Start the example stack; the head of docker-compose.example.yml says how to make its .env.
up: image
    {{compose}} up --detach

# Stop the example stack; its volumes stay.
down:
    {{compose}} down

# Follow what the sidecar of the example stack says.
logs:
    {{compose}} logs --follow backup

# Back the example stack up now.
backup:
    {{compose}} exec backup backup-now

# List the backups of the example stack.
list *options:
    {{compose}} exec backup list-backups {{options}}

# Restore the example stack: just restore latest
restore *arguments:
    {{compose}} exec backup restore {{arguments}}

# Check formatting and scripts without changing anything.
lint:
    dotnet format BackupSidecar.sln --verify-no-changes
    find . -name '*.sh' -not -path '*/bin/*' -not -path '*/obj/*' -print0 | xargs -0 shellcheck .ci/run

# Format the code.
format:
    dotnet format BackupSidecar.sln

# Measure time, CPU and memory beside other tools. For example: just bench --install --docs
bench *options:
    bench/run.sh {{options}}

# Measure growth: four times the data, a million files, 20 GiB in one file, 10,000 backups.
bench-scale *parts:
    bench/scale.sh {{parts}}

# Measure what the program takes while it does nothing; with an image's name also of that.
bench-footprint *image:
    bench/footprint.sh {{image}}

# Measure how long it takes to find 200 databases with labels, and what it takes to follow them.
bench-labels *containers:
    bench/labels.sh {{containers}}

# Measure a restore drill of a stack of 500 MiB, and with it a recovery.
bench-drill:
    bench/drill.sh

# Measure single stages. For example: just bench-micro --filter '*Compression*'
bench-micro *options:
    dotnet run --project bench/BackupSidecar.Bench --configuration Release -- micro {{options}}
