#!/usr/bin/env bash
# Three gateways behind haproxy on this machine, with one key, so that each goes on with the streams of another that ends:
#   deploy/gateways.sh [FLAG OF sylstream serve …]      then ws://127.0.0.1:8990/v1/stream; Ctrl-C ends them all in order
# PORT: the balancer's, the gateways' are the next three (default 8990). The balancer's configuration is that of docs/scale.md.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
port=${PORT:-8990}
command -v haproxy >/dev/null || { echo 'expected haproxy; apt-get install haproxy' >&2; exit 1; }
folder=$(mktemp -d)
pids=()
finish() {
  trap '' INT TERM
  # The balancer last: streams that move go through it.
  for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  [ -z "${balancer:-}" ] || { kill -TERM "$balancer" 2>/dev/null || true; wait "$balancer" 2>/dev/null || true; }
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 0' INT TERM
export SYLSTREAM_RESUME_KEYS
SYLSTREAM_RESUME_KEYS=${SYLSTREAM_RESUME_KEYS:-$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')}
for n in 1 2 3; do
  node "$root/bin/sylstream.js" serve --port $((port + n)) --capacity 60 --log-level warn "$@" &
  pids+=($!)
done
awk '/^```haproxy$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$root/docs/scale.md" |
  sed -e "s/bind :8990/bind 127.0.0.1:$port/" -e "s/:8991/:$((port + 1))/" -e "s/:8992/:$((port + 2))/" -e "s/:8993/:$((port + 3))/" >"$folder/haproxy.cfg"
haproxy -q -db -f "$folder/haproxy.cfg" &
balancer=$!
# Any of them that ends by itself ends all.
wait -n "${pids[@]}" "$balancer"
