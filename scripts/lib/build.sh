# shellcheck shell=bash
# Builds with the .NET SDK; the server's project builds the page with npm. No build server stays behind.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
BUILD_OPTIONS=(-c Release -m:2 --disable-build-servers -p:RestoreLockedMode=true)

# hold_build: one build at a time in one clone; ./run and ./test share their output.
hold_build() {
    exec 8>>"$DATA_DIR/build.lock"
    flock -n 8 && return
    say "  Waiting for another build in this clone"
    local deadline=$((SECONDS + 900))
    until flock -n 8; do
        ((SECONDS < deadline)) || die "Another build in this clone has been under way for 15 minutes."
        pause 0.5
    done
}

release_build() { exec 8>&-; }

# fingerprint: prints what the programs of ./run are built from: every source file with its size and time of change.
fingerprint() (
    cd "$ROOT" || exit
    {
        dotnet --version
        find src tools Directory.* global.json \
            \( -name node_modules -o -name wwwroot -o -name bin -o -name obj -o -name dist \) -prune -o \
            -type f ! -name '*.tsbuildinfo' -printf '%p %s %T@\n' | sort
    } | sha256sum
)

# publish_programs: the server and the demo engine in .data/app, apart from the build's output, so that a later build
# does not replace the files of a running server.
publish_programs() {
    local app=$DATA_DIR/app now started=$SECONDS
    hold_build
    now=$(fingerprint)
    if [[ -s $app/fingerprint && $(<"$app/fingerprint") == "$now" ]]; then
        release_build
        return
    fi
    rm -rf "$app"
    publish src/Api/Api.csproj "$app/server" "Building the server and the page"
    publish tools/DemoEngine/DemoEngine.csproj "$app/demo" "Building the demo engine"
    printf '%s\n' "$now" >"$app/fingerprint"
    release_build
    report "Built the page, the server and the demo engine" $((SECONDS - started))
}

# build_errors LOG: each error once, without the help that npm adds.
build_errors() { grep -E 'error [A-Z]+[0-9]+:|npm error (code|Missing|[0-9a-z]+:)|^ *error' "$1" | awk '!seen[$0]++ && ++count <= 15 { print "    " $0 }'; }

# publish PROJECT FOLDER TEXT
publish() {
    local log
    log=build-$(basename "$1" .csproj)
    : >"$LOG_DIR/$log.log"
    if ! run_step "$3" "$log" 1500 dotnet publish "$1" "${BUILD_OPTIONS[@]}" -o "$2"; then
        build_errors "$LOG_DIR/$log.log" >&2
        die "The build of $1 failed ($(relative "$LOG_DIR/$log.log"))."
    fi
}
