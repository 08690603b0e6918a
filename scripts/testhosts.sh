#!/usr/bin/env bash
# Run a command where podman can start test hosts with systemd, apart from the machine's own podman.
# Usage: scripts/testhosts.sh COMMAND...   runs COMMAND there, with this project's programs first in PATH
#        scripts/testhosts.sh --end        ends it when no host is left and puts the machine back as it was
#
# Hosts need cgroup v2 alone. A machine that has it runs COMMAND as it is. A machine with both versions gets a private
# mount namespace that shows version 2 only, held open by one sleeping process. Storage, networks and locks are our own.
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd)
cache=${LMSVC_TEST_CACHE:-$HOME/.cache/lmsvc-tests}
run=/run/lmsvc-tests-$(printf '%s' "$cache" | sha256sum | cut -c 1-8)
holder=$run/holder
before=$run/before

fail() { printf 'testhosts: %s\n' "$*" >&2; exit 1; }

need_machine() {
  ((EUID == 0)) || fail "test hosts need root (systemd in containers with addresses of their own). Run it with sudo -E."
  local program missing=()
  for program in podman crun nsenter unshare flock; do command -v "$program" >/dev/null || missing+=("$program"); done
  ((${#missing[@]} == 0)) || fail "not installed: ${missing[*]}. 'make setup-test' installs them."
  [[ -x /usr/lib/podman/netavark || -x /usr/libexec/podman/netavark ]] ||
    fail "podman has no netavark here. 'make setup-test' installs it."
  [[ -c /dev/net/tun ]] || fail "there is no /dev/net/tun, which the overlay network needs: modprobe tun"
  grep -qw cgroup2 /proc/filesystems || fail "this kernel has no cgroup v2"
}

only_cgroup2() { [[ $(stat -fc %T /sys/fs/cgroup) == cgroup2fs ]]; }

# limit LETTER MOST: what this machine lets a container have, at most what podman keeps for itself.
limit() {
  local hard
  hard=$(ulimit -H "$1")
  if [[ $hard == unlimited ]] || ((hard > $2)); then hard=$2; fi
  printf '%s:%s' "$hard" "$hard"
}

settings() {
  mkdir -p "$cache/podman/networks" "$run"
  cat >"$cache/podman/containers.conf" <<END
[containers]
default_ulimits = ["nofile=$(limit -n 1048576)", "nproc=$(limit -u 32768)"]
pids_limit = 0
[engine]
runtime = "crun"
lock_type = "file"
tmp_dir = "$run/libpod"
[network]
network_config_dir = "$cache/podman/networks"
default_subnet_pools = [{"base" = "10.90.0.0/16", "size" = 24}]
END
  printf '[storage]\ndriver = "overlay"\ngraphroot = "%s"\nrunroot = "%s"\n' \
    "$cache/podman/storage" "$run/storage" >"$cache/podman/storage.conf"
  export CONTAINERS_CONF=$cache/podman/containers.conf CONTAINERS_STORAGE_CONF=$cache/podman/storage.conf
  export LMSVC_TEST_CACHE=$cache PATH=$project/.venv/bin:$PATH PYTHONPATH=$project
}

# machine: tell scenarios this machine's mirrors and authorities.
machine() {
  local setting
  [[ -x $project/.venv/bin/python ]] || fail "there is no .venv. 'make setup-test' makes it."
  while read -r setting; do export "${setting?}"; done < <(cd "$project" && .venv/bin/python -m tests.hosts.machine)
}

started() { awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$1/stat" 2>/dev/null; }

# held: whether the process that we remember still is the one that holds the namespace. One that ended and waits for
# its parent has no mounts any more.
held() {
  local pid start
  [[ -f $holder ]] && read -r pid start <"$holder" && [[ -n $start && $(started "$pid") == "$start" ]] &&
    shows_only_cgroup2 "$pid"
}

shows_only_cgroup2() { grep -q ' /sys/fs/cgroup .* - cgroup2 ' "/proc/$1/mountinfo" 2>/dev/null; }

hold() {
  local pid attempt
  setsid unshare -m sh -c 'umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec sleep infinity' \
    </dev/null >/dev/null 2>&1 9>&- &
  pid=$!
  for attempt in {1..100}; do
    shows_only_cgroup2 "$pid" && { printf '%s %s\n' "$pid" "$(started "$pid")" >"$holder"; return; }
    sleep 0.1
  done
  fail "cannot mount cgroup v2 in a private mount namespace here (tried $attempt times)"
}

chains() { for table in filter nat; do iptables -t $table -S 2>/dev/null | sed -n "s/^-N \(NETAVARK.*\)/$table \1/p"; done; }

# remember: what podman's first network will change on the machine.
remember() {
  [[ -f $before/ip_forward ]] && return
  mkdir -p "$before"
  chains >"$before/chains"
  cat /proc/sys/net/ipv4/ip_forward >"$before/ip_forward"
}

prepare() {
  exec 9>"$run/lock"
  flock 9
  remember
  only_cgroup2 || held || hold
  exec 9>&-
}

enter() {
  only_cgroup2 && exec "$@"
  exec nsenter -t "$(cut -d ' ' -f 1 "$holder")" -m -- sh -c 'cd "$0" && exec "$@"' "$PWD" "$@"
}

inside() { (enter "$@"); }

# new_chains: podman's chains that were not here before.
new_chains() { chains | grep -vxFf "$before/chains" || true; }

# empty_chain TABLE CHAIN: leave a chain without rules, and no rule elsewhere that leads to it.
empty_chain() {
  local rule
  iptables -t "$1" -S | sed -n "/-j $2\$/s/^-A/-D/p" | while read -r rule; do eval "iptables -t $1 $rule"; done
  iptables -t "$1" -F "$2"
}

used_by_others() { ip -brief link show type bridge | grep -q '^podman\|^cni-' || iptables -S NETAVARK_FORWARD 2>/dev/null | grep -q '^-A'; }

restore_network() {
  local table chain
  used_by_others && return
  new_chains | while read -r table chain; do empty_chain "$table" "$chain"; done
  new_chains | while read -r table chain; do iptables -t "$table" -X "$chain"; done
  cat "$before/ip_forward" >/proc/sys/net/ipv4/ip_forward
}

release() {
  local pid attempt
  pid=$(cut -d ' ' -f 1 "$holder")
  kill "$pid"
  for attempt in {1..50}; do
    held || return 0
    sleep 0.1
  done
  fail "process $pid, which held the namespace, does not end (waited $attempt times)"
}

end() {
  local left network
  [[ -d $before ]] || return 0
  only_cgroup2 || held || hold
  left=$(inside podman ps --all --format '{{.Names}}')
  if [[ -n $left ]]; then printf 'testhosts: stays for these hosts: %s\n' "$(tr '\n' ' ' <<<"$left")"; return; fi
  for network in $(inside podman network ls --format '{{.Name}}'); do
    [[ $network == podman ]] || inside podman network rm "$network" >/dev/null
  done
  restore_network
  ! mountpoint -q "$cache/podman/storage/overlay" || umount "$cache/podman/storage/overlay"
  ! held || release
  rm -rf "$run"
}

(($#)) || fail "usage: scripts/testhosts.sh COMMAND... | --end"
need_machine
settings
if [[ $1 == --end ]]; then end; exit; fi
machine
prepare
enter "$@"
