# shellcheck shell=bash
# What must be on the machine: the SDK and Node are the person's to install, everything else comes from apt.

check_toolchain() {
    command -v dotnet >/dev/null ||
        die "The .NET 10 SDK is missing. Install it (https://dotnet.microsoft.com/download/dotnet/10.0) and try again."
    (cd "$ROOT" && dotnet --version >/dev/null 2>&1) ||
        die "The .NET 10 SDK is missing; there is only: $(dotnet --list-sdks | cut -d' ' -f1 | paste -sd, -)."
    { command -v node && command -v npm; } >/dev/null ||
        die "Node 20 with npm is missing. Install it (https://nodejs.org) and try again."
    local version major minor
    version=$(node --version)
    IFS=. read -r major minor _ <<<"${version#v}"
    ((major > 20 || (major == 20 && minor >= 19))) ||
        die "Node 20.19 or newer is needed; this is $version."
}

# The installation under way, if any.
INSTALLING=

# find_postgres VERSION|'*': sets POSTGRES_BIN to the newest server's binaries, or to those of VERSION.
find_postgres() {
    local -a found
    mapfile -t found < <(find /usr/lib/postgresql -mindepth 3 -maxdepth 3 -path "*/$1/bin/initdb" 2>/dev/null | sort -V)
    ((${#found[@]} > 0)) || return 1
    POSTGRES_BIN=${found[-1]%/initdb}
}

find_chromium() {
    local name
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
        if [[ -n $name ]] && CHROMIUM=$(command -v "$name"); then return; fi
    done
    return 1
}

# install_missing PART…: the packages behind postgres, redis and chromium, where they are missing.
install_missing() {
    local part
    local -a packages=()
    for part in "$@"; do
        case $part in
            postgres) find_postgres '*' || packages+=(postgresql) ;;
            redis) command -v redis-server >/dev/null || packages+=(redis-server) ;;
            chromium) find_chromium || packages+=(chromium fonts-liberation) ;;
        esac
    done
    ((${#packages[@]} == 0)) || install_packages "${packages[@]}"
    hash -r
    for part in "$@"; do
        case $part in
            postgres) find_postgres '*' || die "PostgreSQL's server was not found under /usr/lib/postgresql." ;;
            redis) command -v redis-server >/dev/null || die "redis-server was not found." ;;
            chromium) find_chromium || die "Chromium was not found. Install it and set CHROMIUM to its path." ;;
        esac
    done
}

install_packages() {
    local by_hand="apt-get install --no-install-recommends $*" log=$LOG_DIR/packages.log started=$SECONDS pid code=0
    local -a as_root=()
    command -v apt-get >/dev/null || die "Missing: $*. This machine has no apt: install them and try again."
    if ((EUID != 0)); then
        command -v sudo >/dev/null || die "Missing: $*. As root: $by_hand"
        as_root=(sudo)
        if ! sudo -n true 2>/dev/null; then
            [[ -t 0 ]] || die "Missing: $*, and sudo asks for a password. First: sudo $by_hand"
            say "  Missing: $*. sudo installs them:"
            sudo -v || die "Not installed. By hand: sudo $by_hand"
        fi
    fi

    # In this script's own session, where sudo's permission holds.
    "${as_root[@]}" bash "$ROOT/scripts/install-packages.sh" "$@" >"$log" 2>&1 </dev/null 8>&- 9>&- &
    pid=$!
    INSTALLING=$pid
    while kill -0 "$pid" 2>/dev/null; do
        show_progress "Installing $*" $((SECONDS - started))
        pause 1
    done
    wait "$pid" || code=$?
    INSTALLING=
    if ((code != 0)); then
        clear_progress
        last_lines "$log" >&2
        die "apt could not install: $* ($(relative "$log")). By hand: sudo $by_hand"
    fi
    report "Installed $*" $((SECONDS - started))
}

# Half an installation is worse than a wait, so a script that ends waits for apt.
wait_for_installation() {
    if [[ -n $INSTALLING ]]; then wait "$INSTALLING"; fi
}
