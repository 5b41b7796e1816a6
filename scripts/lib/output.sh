# shellcheck shell=bash
# What the person at the terminal sees: one line per step, with the time that it took.

say() { printf '%s\n' "$*"; }

die() {
    clear_progress
    printf '%s\n' "$*" >&2
    exit 1
}

clear_progress() { if [[ -t 1 ]]; then printf '\r\033[K'; fi; }

# report TEXT SECONDS: a finished step.
report() {
    clear_progress
    printf '  %-70s %4d s\n' "$1" "$2"
}

# show_progress TEXT SECONDS: a step under way. Without a terminal a line now and then is enough.
show_progress() {
    if [[ -t 1 ]]; then
        printf '\r\033[K  %s … %d s' "$1" "$2"
    elif (($2 > 0 && $2 % 60 == 0)); then
        printf '  %s … %d s\n' "$1" "$2"
    fi
}

# last_lines FILE: the end of a log, indented.
last_lines() { tail -n "${2:-15}" "$1" 2>/dev/null | cut -c 1-300 | sed 's/^/    /'; }

# relative PATH: as seen from the clone, where it is inside.
relative() { printf '%s' "${1#"$ROOT"/}"; }
