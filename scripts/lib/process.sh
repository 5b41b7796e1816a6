# shellcheck shell=bash
# Processes: each runs in a session of its own, so that a Ctrl-C reaches only the script, which stops them in order.
# Each leaves a file with its pid and start time, so that the next start finds what a killed script left behind.
# Needs: PID_DIR, LOG_DIR.

declare -A PIDS=()

# The credentials with which a process is started; the services set them for themselves.
AS_USER=()

# claim_folder FOLDER: makes it, and says so when it is another user's.
claim_folder() {
    mkdir -p "$1" 2>/dev/null || true
    if [[ ! -O $1 ]]; then
        die "$1 belongs to $(stat -c %U "$1" 2>/dev/null || stat -c %U "$(dirname "$1")"): go on as that user, or remove the folder."
    fi
    chmod 755 "$1"
}

# pause SECONDS, without a process: nothing is ever written to this pipe.
exec {PAUSE_FD}<> <(:)
pause() { read -r -t "$1" -u "$PAUSE_FD" || true; }

# start_time PID: sets REPLY. With the pid it names one process for ever; fails for a process that has ended.
start_time() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    read -r -a stat <<<"${stat##*) }"
    [[ ${stat[0]} != Z ]] || return 1
    REPLY=${stat[19]}
}

# lives NAME: is the recorded process still there?
lives() {
    local pid started
    { read -r pid started <"$PID_DIR/$1.pid"; } 2>/dev/null || return 1
    start_time "$pid" && [[ $REPLY == "$started" ]]
}

# start_process NAME FOLDER SIGNAL COMMAND…: output goes to the log NAME. SIGNAL stops it when this script is killed.
# Background commands of a script ignore SIGINT unless told otherwise, hence --default-signal.
start_process() {
    local name=$1 folder=$2 signal=$3
    shift 3
    rm -f "$PID_DIR/$name.pid"
    setsid env --default-signal=INT,QUIT --chdir="$folder" setpriv "${AS_USER[@]}" --pdeathsig "$signal" "$@" \
        >>"$LOG_DIR/$name.log" 2>&1 </dev/null 8>&- 9>&- &
    PIDS[$name]=$!
    if start_time "$!"; then echo "$! $REPLY" >"$PID_DIR/$name.pid"; fi
}

# stop_process NAME SIGNAL SECONDS: asks, and after SECONDS insists. Also stops one that an earlier script left behind.
stop_process() {
    local name=$1 pid deadline=$((SECONDS + $3))
    if lives "$name"; then
        read -r pid _ <"$PID_DIR/$name.pid"
        kill -s "$2" "$pid" 2>/dev/null || true
        while lives "$name" && ((SECONDS < deadline)); do pause 0.1; done
        # Whatever it had started (a compiler) goes with it.
        kill -s KILL -- "-$pid" 2>/dev/null || true
        while lives "$name" && ((SECONDS < deadline + 5)); do pause 0.1; done
        # Takes the exit code, without the shell's line about a killed job; an earlier script's process has none.
        wait "$pid" 2>/dev/null || true
    fi
    rm -f "$PID_DIR/$name.pid"
    unset "PIDS[$name]"
}

# stop_remaining_processes: whatever else PID_DIR names.
stop_remaining_processes() {
    local file
    for file in "$PID_DIR"/*.pid; do
        if [[ -e $file ]]; then stop_process "$(basename "$file" .pid)" TERM 10; fi
    done
}

# run_step TEXT LOG SECONDS COMMAND…: runs a long command in the background of this script, which stays responsive.
# Returns its exit code, or 124 when it took longer than SECONDS.
run_step() {
    local text=$1 name=$2 limit=$3 started=$SECONDS shown=-1 code=0
    shift 3
    start_process "$name" "$ROOT" TERM "$@"
    local pid=${PIDS[$name]}
    while lives "$name"; do
        if ((SECONDS - started >= limit)); then
            stop_process "$name" TERM 10
            clear_progress
            return 124
        fi
        if ((SECONDS != shown)); then
            shown=$SECONDS
            show_progress "$text" $((SECONDS - started))
        fi
        pause 0.1
    done
    wait "$pid" || code=$?
    stop_process "$name" TERM 0
    clear_progress
    return "$code"
}

# http_status PORT PATH: prints the status code, or nothing.
http_status() (
    { exec 3<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || exit 0
    printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$2" "$1" >&3
    read -r -t 5 -u 3 _ status _ || exit 0
    printf '%s' "$status"
)

# hold_lock FILE: until this script ends. A script that was just killed may need a moment to be gone.
hold_lock() {
    exec 9>>"$1"
    flock -w 2 9
}
