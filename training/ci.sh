#!/usr/bin/env bash
# Everything about training/ that can be checked in minutes on two cores: lint, tests, and the whole way at `tiny` size.
#   bash training/ci.sh [PYTHON]      a Python 3.11+ with training/requirements.txt (default: python3)
set -euo pipefail
python=${1:-python3}
cd "$(dirname "$0")"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-2} OMP_WAIT_POLICY=passive PYTHONDONTWRITEBYTECODE=1
"$python" -m ruff check .
"$python" -m ruff format --check .
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT
if [ -d ../../shared/timed-speech ]; then
  "$python" data.py --runs "$runs" --corpora timed-speech --limit 160
  options=(--config tiny --run "$runs/tiny" --data "$runs/data")
  "$python" timed.py "${options[@]}" --steps 40 --dev-every 40
  "$python" timed.py "${options[@]}" --steps 60 --decay 20 --dev-every 60 --resume
  "$python" sylboost.py "${options[@]}" --steps 20 --decay 10
  "$python" quantize.py "${options[@]}" --dev 8 --hours 0.1
  "$python" export.py --config tiny --run "$runs/tiny" --data "$runs/data" --clip ../test/fixtures/tiny/golden/speech.wav --out "$runs/bundle/tiny"
  "$python" evaluate.py "$runs/bundle/tiny" --data "$runs/data" --limit 5 --whole
  export SYLSTREAM_RUNS=$runs SYLSTREAM_BUNDLE=$runs/bundle/tiny
elif [ "${SYLSTREAM_REQUIRE:-}" = all ]; then
  echo 'expected ../shared/timed-speech for the run at tiny size' >&2
  exit 1
else
  echo 'skipped the run at tiny size: there is no ../shared/timed-speech'
fi
"$python" -m pytest -q
