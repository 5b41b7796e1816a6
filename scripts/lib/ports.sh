# shellcheck shell=bash
# TCP ports, read from /proc: a fresh machine has neither ss nor lsof.

# listeners PORT: prints the socket inodes that listen on it.
listeners() {
    local hex
    printf -v hex ':%04X' "$1"
    awk -v port="$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

port_is_taken() { [[ -n $(listeners "$1") ]]; }

# port_holder PORT: prints who listens there, as far as this user may see it.
port_holder() {
    local inode fd pid
    for inode in $(listeners "$1"); do
        fd=$(find /proc/[0-9]*/fd -lname "socket:\[$inode\]" -print -quit 2>/dev/null || true)
        if [[ -n $fd ]]; then
            pid=${fd#/proc/}
            pid=${pid%%/*}
            printf '%s (process %s)' "$(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c 1-80 | sed 's/ *$//')" "$pid"
            return
        fi
    done
    printf 'a process of another user'
}

# free_port: sets REPLY, outside the range from which the kernel takes the ports of outgoing connections.
free_port() {
    local port
    while true; do
        port=$((20000 + RANDOM % 12000))
        if ! port_is_taken "$port"; then
            REPLY=$port
            return
        fi
    done
}
