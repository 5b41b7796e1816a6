#!/usr/bin/env bash
# Installs Debian packages as root, without a question, and leaves their system services off:
# the dashboard starts instances of its own.
set -euo pipefail

policy=/usr/sbin/policy-rc.d
mark='# GrooteDashboard: no service is started during this installation.'
cluster_folder=/etc/postgresql-common/createcluster.d
cluster_file=$cluster_folder/groote-dashboard.conf

cleanup() {
    if grep -qsF "$mark" "$policy"; then rm -f "$policy"; fi
    rm -f "$cluster_file"
    rmdir --ignore-fail-on-non-empty "$cluster_folder" 2>/dev/null || true
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# A policy that the machine already has (container images deny every start) stays as it is.
if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
    chmod 755 "$policy"
fi

# Without this, PostgreSQL's package creates a database cluster "main".
mkdir -p "$cluster_folder"
echo 'create_main_cluster = false' >"$cluster_file"

export DEBIAN_FRONTEND=noninteractive
# One broken list among many need not matter; what is missing then fails below.
apt-get -o DPkg::Lock::Timeout=300 update || true
apt-get -o DPkg::Lock::Timeout=300 -y --no-install-recommends install "$@"

# The packages enable their services for the next boot.
if [[ -d /run/systemd/system ]]; then
    for package in "$@"; do
        case $package in
            postgresql | redis-server) systemctl disable --now "$package.service" ;;
        esac
    done
fi
