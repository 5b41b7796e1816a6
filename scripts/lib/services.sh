# shellcheck shell=bash
# Private PostgreSQL and Redis on free loopback ports, each with a password, since every user of the machine can reach
# loopback. As root both run as the user postgres: PostgreSQL refuses root, and Redis does not need it.
# Needs: STATE_DIR (from choose_state_dir), PID_DIR, LOG_DIR, POSTGRES_BIN.

SERVICE_USER=()

choose_service_user() {
    ((EUID == 0)) || return 0
    id postgres >/dev/null 2>&1 || die "There is no user postgres: PostgreSQL does not run as root."
    SERVICE_USER=(--reuid=postgres --regid=postgres --init-groups)
}

as_service_user() { setpriv "${SERVICE_USER[@]}" "$@"; }

# choose_state_dir: .data, or where the services' user cannot reach it, a folder that .data/state-dir names.
choose_state_dir() {
    STATE_DIR=$DATA_DIR
    if as_service_user test -x "$DATA_DIR" 2>/dev/null; then return; fi
    local note=$DATA_DIR/state-dir
    if [[ -s $note && -d $(<"$note") ]]; then
        STATE_DIR=$(<"$note")
    else
        mkdir -p /var/lib/groote-dashboard
        chmod 755 /var/lib/groote-dashboard
        STATE_DIR=$(mktemp -d "/var/lib/groote-dashboard/${ROOT##*/}-XXXXXX")
        chmod 711 "$STATE_DIR"
        echo "$STATE_DIR" >"$note"
    fi
    say "  The user postgres cannot reach $DATA_DIR; data is in $STATE_DIR"
}

# service_folder NAME: sets REPLY, a folder of the services' user with a password file.
service_folder() {
    REPLY=$STATE_DIR/$1
    mkdir -p "$REPLY"
    chmod 700 "$REPLY"
    if [[ ! -s $REPLY/password ]]; then
        (umask 077 && od -An -tx1 -N24 /dev/urandom | tr -d ' \n' >"$REPLY/password")
    fi
    if ((EUID == 0)); then chown postgres: "$REPLY" "$REPLY/password"; fi
}

# start_service NAME PORT|free LAUNCH READY ERROR: a port that another process takes first, or still holds, only costs
# another try. ERROR is what the log says then.
start_service() {
    local name=$1 port=$2 launch=$3 ready=$4 error=$5 limit=120 deadline=$((SECONDS + 120)) attempt
    for attempt in 1 2 3 4 5; do
        if [[ $port == free ]]; then free_port; else REPLY=$port; fi
        "$launch" "$REPLY"
        while lives "$name"; do
            if "$ready"; then return; fi
            ((SECONDS < deadline)) || break 2
            pause 0.1
        done
        tail -n 10 "$LOG_DIR/$name.log" | grep -qE "$error" || break
        pause "$attempt"
    done
    last_lines "$LOG_DIR/$name.log" >&2
    die "$name did not start within $limit s ($(relative "$LOG_DIR/$name.log"))."
}

# --- PostgreSQL ---

# Settings beyond the defaults, as -c name=value.
POSTGRES_OPTIONS=()

# prepare_postgres NAME [INITDB OPTION…]: a cluster with an empty database "dashboard", made aside and then moved, so that
# an interrupted start leaves nothing half done.
prepare_postgres() {
    service_folder "$1"
    shift
    POSTGRES_FOLDER=$REPLY
    POSTGRES_PASSWORD=$(<"$POSTGRES_FOLDER/password")
    local data=$POSTGRES_FOLDER/data version
    if [[ -f $data/PG_VERSION ]]; then
        version=$(<"$data/PG_VERSION")
        find_postgres "$version" ||
            die "$data was written by PostgreSQL $version, which is not installed (apt-get install postgresql-$version)."
        return
    fi
    rm -rf "$data.new"
    AS_USER=("${SERVICE_USER[@]}")
    if ! run_step "Creating the database" initdb 120 "$POSTGRES_BIN/initdb" -D "$data.new" -U dashboard \
        --pwfile="$POSTGRES_FOLDER/password" --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 "$@"; then
        last_lines "$LOG_DIR/initdb.log" >&2
        die "initdb failed ($(relative "$LOG_DIR/initdb.log"))."
    fi
    AS_USER=()
    as_service_user env --chdir=/ "$POSTGRES_BIN/postgres" --single -D "$data.new" postgres \
        <<<'CREATE DATABASE dashboard' >>"$LOG_DIR/initdb.log" 2>&1
    mv "$data.new" "$data"
}

# start_postgres PORT|free: sets POSTGRES_PORT.
start_postgres() {
    clear_postmaster
    start_service postgres "$1" launch_postgres postgres_is_ready 'Address already in use|shared memory block'
}

launch_postgres() {
    POSTGRES_PORT=$1
    AS_USER=("${SERVICE_USER[@]}")
    start_process postgres / INT "$POSTGRES_BIN/postgres" -D "$POSTGRES_FOLDER/data" -p "$POSTGRES_PORT" \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories= "${POSTGRES_OPTIONS[@]}"
    AS_USER=()
}

# The server says in its own file when it accepts connections; pg_ctl reads the same line.
postgres_is_ready() {
    local -a lines=()
    { mapfile -t lines <"$POSTGRES_FOLDER/data/postmaster.pid"; } 2>/dev/null || return 1
    [[ ${lines[0]:-} == "${PIDS[postgres]}" && ${lines[7]:-} == ready* ]]
}

# A postmaster.pid that a crash left may name a process that is something else today, and PostgreSQL would refuse to
# start. If it still names a server on this data, that one is stopped.
clear_postmaster() {
    local file=$POSTGRES_FOLDER/data/postmaster.pid pid
    { read -r pid <"$file"; } 2>/dev/null || return 0
    if tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "-D $POSTGRES_FOLDER/data "; then
        start_time "$pid" && echo "$pid $REPLY" >"$PID_DIR/postgres.pid"
        stop_process postgres INT 30
    fi
    rm -f "$file"
}

postgres_url() { printf 'postgresql://dashboard:%s@127.0.0.1:%s/%s' "$POSTGRES_PASSWORD" "$POSTGRES_PORT" "$1"; }

# --- Redis ---

# start_redis NAME PORT|free: sets REDIS_PORT and REDIS_PASSWORD.
start_redis() {
    REDIS_NAME=$1
    service_folder "$REDIS_NAME"
    REDIS_FOLDER=$REPLY
    REDIS_PASSWORD=$(<"$REDIS_FOLDER/password")
    start_service "$REDIS_NAME" "$2" launch_redis redis_is_ready 'Address already in use'
}

launch_redis() {
    REDIS_PORT=$1
    (
        umask 077
        cat >"$REDIS_FOLDER/redis.conf" <<-CONF
		bind 127.0.0.1
		port $REDIS_PORT
		requirepass $REDIS_PASSWORD
		dir "$REDIS_FOLDER"
		appendonly yes
		appendfsync everysec
		save ""
		CONF
    )
    if ((EUID == 0)); then chown postgres: "$REDIS_FOLDER/redis.conf"; fi
    AS_USER=("${SERVICE_USER[@]}")
    start_process "$REDIS_NAME" / TERM redis-server "$REDIS_FOLDER/redis.conf"
    AS_USER=()
}

redis_is_ready() (
    { exec 3<>"/dev/tcp/127.0.0.1/$REDIS_PORT"; } 2>/dev/null || exit 1
    printf 'AUTH %s\r\nPING\r\n' "$REDIS_PASSWORD" >&3
    read -r -t 2 -u 3 authenticated && read -r -t 2 -u 3 answer || exit 1
    [[ $authenticated == +OK* && $answer == +PONG* ]]
)

# With the user's name, without which redis-cli -u sends a wrong one.
redis_url() { printf 'redis://default:%s@127.0.0.1:%s/0' "$REDIS_PASSWORD" "$REDIS_PORT"; }
