#!/usr/bin/env bash
# with-deps.sh [--durable] [--clients] [--space MB] CMD...: runs CMD with throw-away PostgreSQL and Redis servers on spare loopback ports.
#
# Installs both, and what single tests drive (nginx, HAProxy, PgBouncer, jq, Chromium, Node, pip), on Debian where they are missing;
# elsewhere says what to install. Set, these name other servers than the installed ones (scripts/matrix.sh):
#   USHER_TEST_PG_BIN        the folder of PostgreSQL's initdb, pg_ctl and postgres
#   USHER_TEST_REDIS_SERVER  the program of Redis or Valkey
# CMD sees both, and
#   USHER_TEST_POSTGRES_URL  a superuser's URL of the PostgreSQL server
#   USHER_TEST_REDIS_ADDR    host:port of the Redis server
#   USHER_TEST_BIN           a folder for the binaries that tests share
#   USHER_TEST_PG_DATA, USHER_TEST_PG_OPTIONS, USHER_TEST_PG_USER
#                            what a fault test needs to stop the server and start it again with pg_ctl
# --durable leaves fsync and synchronous_commit as PostgreSQL ships them, for measurement; without it they are off.
# --clients also installs what the slow tests of test/interop drive: a JDK, Maven, and Apache with mod_auth_openidc.
# --space refuses to begin where the folder of temporary files has less space left.
set -euo pipefail

durable=no clients=no space=0
while :; do
  case "${1:-}" in
    --durable) durable=yes ;;
    --clients) clients=yes ;;
    --space) space=$2; shift ;;
    *) break ;;
  esac
  shift
done
[ $# -gt 0 ] || { echo "usage: $0 [--durable] [--clients] [--space MB] CMD..." >&2; exit 2; }

# homebrew prints Homebrew's folder, which differs between the two kinds of Mac.
homebrew() { brew --prefix 2>/dev/null || /opt/homebrew/bin/brew --prefix 2>/dev/null || echo /usr/local; }

# pg_bin prints the folder of the newest PostgreSQL: Debian's, its own default, or Homebrew's.
pg_bin() {
  { ls -d /usr/lib/postgresql/*/bin /usr/local/pgsql/bin "$(homebrew)"/opt/postgresql@*/bin 2>/dev/null || true; } |
    sed -E 's|.*/postgresql[@/]([0-9]+).*|\1 &|; s|^/|0 /|' | sort -n | tail -1 | cut -d ' ' -f 2-
}

# has_chromium looks where test/browser does.
has_chromium() {
  local name
  [ -z "${USHER_TEST_CHROMIUM:-}" ] || return 0
  for name in chromium chromium-browser google-chrome google-chrome-stable \
    /Applications/Chromium.app/Contents/MacOS/Chromium "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    command -v "$name" >/dev/null && return 0
  done
  return 1
}

install_missing() {
  local missing=()
  PATH=$PATH:$(homebrew)/bin:/usr/local/bin:/usr/sbin # the last is where Debian keeps servers, and an ordinary user's PATH ends before
  command -v redis-server >/dev/null || missing+=(redis-server)
  [ -x "$(pg_bin)/initdb" ] || missing+=(postgresql)
  command -v nginx >/dev/null || missing+=(nginx-light)
  command -v haproxy >/dev/null || missing+=(haproxy)
  command -v pgbouncer >/dev/null || missing+=(pgbouncer)
  command -v jq >/dev/null || missing+=(jq)
  has_chromium || missing+=(chromium fonts-liberation)
  command -v node >/dev/null || missing+=(nodejs)
  command -v npm >/dev/null || missing+=(npm)
  python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
  if [ $clients = yes ]; then
    command -v javac >/dev/null || missing+=(default-jdk-headless)
    command -v mvn >/dev/null || missing+=(maven)
    command -v apache2 >/dev/null || missing+=(apache2-bin) # without the package that starts it
    [ -e /usr/lib/apache2/modules/mod_auth_openidc.so ] || missing+=(libapache2-mod-auth-openidc)
  fi
  command -v flock >/dev/null || missing+=(util-linux)
  [ ${#missing[@]} -gt 0 ] || return 0
  "${0%/*}/../tools/install.sh" "${missing[@]}" && return
  echo "$0: the tests need PostgreSQL 15 or newer, Redis 7 or newer, nginx 1.20 or newer, HAProxy 2.6 or newer, Node 20 or newer" >&2
  if command -v brew >/dev/null; then echo "$0: brew install postgresql@17 redis nginx haproxy pgbouncer jq node python flock" >&2; fi
  exit 1
}

# listens reports whether a server listens on a loopback port.
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port prints a loopback port that nothing listens on.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    listens "$port" || { echo "$port"; return; }
  done
}

# PostgreSQL refuses to run as root.
as_pg() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

install_missing
bin=${USHER_TEST_PG_BIN:-$(pg_bin)}
export USHER_TEST_REDIS_SERVER=${USHER_TEST_REDIS_SERVER:-redis-server}
dir=$(mktemp -d "${TMPDIR:-/tmp}/usher-deps.XXXXXX")
pg_started=no redis_pid=

# report prints why a server ended before CMD did, or why it does not start: its log and the space that is left. A server whose
# disk is full may have recovered by now.
report() {
  local log
  local -a logs=()
  if [ $pg_started = yes ]; then
    if ! listens "$pg_port"; then
      echo "$0: PostgreSQL is not running" >&2
      logs+=("$dir/pg/log")
    elif grep -qE 'PANIC:|No space left on device' "$dir/pg/log"; then
      echo "$0: PostgreSQL is running, and was interrupted" >&2
      logs+=("$dir/pg/log")
    fi
  fi
  if [ -n "$redis_pid" ] && ! listens "$redis_port"; then
    echo "$0: Redis is not running" >&2
    logs+=("$dir/redis/log")
  fi
  [ ${#logs[@]} -gt 0 ] || return 0
  for log in "${logs[@]}"; do
    echo "$0: the end of ${log#"$dir/"}:" >&2
    tail -n 40 "$log" >&2 || true
  done
  df -m "$dir" >&2 || true
  if [ -d /dev/shm ]; then df -m /dev/shm >&2 || true; fi
}

# stop stops a PostgreSQL server at once.
stop() { (cd / && as_pg "$bin/pg_ctl" -D "$1" -m immediate -s stop) >/dev/null 2>&1 || true; }

cleanup() {
  local status=$?
  case $status in
    0 | 130 | 143) ;; # a signal may have ended the servers too
    *) report ;;
  esac
  local server
  for server in "$dir"/bin/servers/*; do # those that single tests started and did not come to stop (test/harness)
    if [ -e "$server" ]; then stop "$(cat "$server")"; rm -rf "$(cat "$server")"; fi
  done
  [ -n "$redis_pid" ] && kill "$redis_pid" 2>/dev/null || true
  stop "$dir/pg"
  rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
chmod 711 "$dir"
available=$({ df -Pm "$dir" | { read -r _; read -r _ _ _ left _; echo "$left"; }; } 2>/dev/null) || available=
if [ "$space" -gt 0 ] && [ "${available:-$space}" -lt "$space" ]; then
  echo "$0: the tests need $space MB for temporary files, and ${dir%/*} has $available MB left: make room, or set TMPDIR to another folder" >&2
  exit 1
fi
mkdir "$dir/redis" "$dir/pg"
if [ "$(id -u)" = 0 ]; then chown postgres "$dir/pg"; fi

pg_port=$(free_port)
(cd / && as_pg "$bin/initdb" -D "$dir/pg" -U postgres -A trust -E UTF8 --no-locale --no-sync) >"$dir/initdb.log" 2>&1 ||
  { cat "$dir/initdb.log" >&2; exit 1; }
options="-p $pg_port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$dir/pg -c max_connections=300"
# test/budget and the benchmarks count with it; builds without contrib modules lack it.
for module in "$bin"/../lib/pg_stat_statements.* "$bin"/../lib/postgresql/pg_stat_statements.*; do
  # The default keeps 5,000 statements, and forgets those that others displace.
  if [ -e "$module" ]; then options="$options -c shared_preload_libraries=pg_stat_statements -c pg_stat_statements.max=50000"; fi
done
if [ $durable = no ]; then
  options="$options -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
  # A checkpoint is cheap without fsync: it comes early and frees the space of what was written before.
  options="$options -c max_wal_size=128MB -c min_wal_size=32MB -c checkpoint_warning=0"
else
  echo "pg_stat_statements.track = none" >>"$dir/pg/postgresql.conf" # a server that is measured counts only when asked
fi
pg_started=yes
(cd / && as_pg "$bin/pg_ctl" -D "$dir/pg" -s -w -l "$dir/pg/log" -o "$options" start)

redis_port=$(free_port)
"$USHER_TEST_REDIS_SERVER" --port "$redis_port" --bind 127.0.0.1 --save '' --appendonly no --dir "$dir/redis" --loglevel warning >"$dir/redis/log" 2>&1 &
redis_pid=$!
until redis-cli -p "$redis_port" ping >/dev/null 2>&1; do
  kill -0 "$redis_pid" 2>/dev/null || exit 1
  sleep 0.02
done

export USHER_TEST_POSTGRES_URL="postgres://postgres@127.0.0.1:$pg_port/postgres?sslmode=disable"
export USHER_TEST_REDIS_ADDR="127.0.0.1:$redis_port"
mkdir "$dir/bin" # the tests of one run share what they build
export USHER_TEST_BIN="$dir/bin"
export USHER_TEST_PG_DATA="$dir/pg" USHER_TEST_PG_BIN="$bin" USHER_TEST_PG_OPTIONS="$options"
if [ "$(id -u)" = 0 ]; then export USHER_TEST_PG_USER=postgres; else export USHER_TEST_PG_USER=; fi
"$@"
