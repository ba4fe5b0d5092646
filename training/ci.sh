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
  "$python" -m data.shards --runs "$runs" --corpora timed-speech --limit 160
  "$python" -m data.changes.throats --data "$runs/data" --corpora timed-speech --hours 0.02
  options=(--config tiny --run "$runs/tiny" --data "$runs/data")
  "$python" -m recipes.labelled.timed "${options[@]}" --steps 40 --dev-every 40
  "$python" -m recipes.labelled.timed "${options[@]}" --steps 60 --decay 20 --dev-every 60 --resume
  "$python" -m recipes.labelled.sylboost "${options[@]}" --steps 20 --decay 10
  "$python" -m recipes.labelled.quantize "${options[@]}" --dev 8 --hours 0.1
  "$python" -m bundle.export --config tiny --run "$runs/tiny" --data "$runs/data" --clip ../test/fixtures/tiny/golden/speech.wav --out "$runs/bundle/tiny"
  "$python" -m measure.evaluate "$runs/bundle/tiny" --data "$runs/data" --limit 5 --whole --bare --json "$runs/scores.json"
  "$python" -m measure.dial "$runs/bundle/tiny" --data "$runs/data" --limit 2 --json "$runs/dial.json"
  "$python" -m bundle.rebundle "$runs/bundle/tiny" --version 0.2.0 --scores "$runs/scores.json" --dial "$runs/dial.json"
  cp -r "$runs/bundle/tiny" "$runs/bundle/clustered"
  "$python" -m bundle.codebook "$runs/bundle/clustered" --config tiny --data "$runs/data" --clustered --version 0.3.0
  export SYLSTREAM_RUNS=$runs SYLSTREAM_BUNDLE=$runs/bundle/tiny
elif [ "${SYLSTREAM_REQUIRE:-}" = all ]; then
  echo 'expected ../shared/timed-speech for the run at tiny size' >&2
  exit 1
else
  echo 'skipped the run at tiny size: there is no ../shared/timed-speech'
fi
# The language model's way, from text to figures, with the bundle that was just trained (or the fixture)
missing=()
for program in flite festival bible; do command -v "$program" >/dev/null || missing+=("$program"); done
[ -f ../dist/src/cli/main.js ] || missing+=('the built command line')
if [ ${#missing[@]} = 0 ]; then
  bundle=${SYLSTREAM_BUNDLE:-../test/fixtures/tiny} lm=$runs/lm
  texts=(--texts "$lm/texts.jsonl")
  "$python" -m data.texts --sources bible --out "$lm/texts.jsonl"
  "$python" -m data.voices.readings "${texts[@]}" --out "$lm/train" --hours 0.12 --change
  "$python" -m data.voices.readings "${texts[@]}" --out "$lm/dev" --split dev --voices kal --hours 0.03
  "$python" -m recipes.lm.zeroshot "${texts[@]}" --out "$lm/items" --split test --speech "$lm/train" --least 3 --words 24 --grammar 4 --endings 8 \
    --voices ked --word-voices ked
  for folder in train dev items; do "$python" -m bundle.units "$lm/$folder" --bundle "$bundle"; done
  common=(--lexicon "$lm/lexicon.tsv" "${texts[@]}")
  "$python" -m recipes.lm.simulate --speech "$lm/train" "${common[@]}" --copies 1 --phrases 1 --limit 200 --out "$lm/simulated.jsonl"
  "$python" -m recipes.lm.simulate --speech "$lm/train" "${common[@]}" --confusions "$lm/confusions.npy"
  streams=(--real "$lm/train/units.jsonl" --simulated "$lm/simulated.jsonl" --dev "$lm/dev/units.jsonl")
  run=(--config tiny --run "$lm/run" "${streams[@]}" --confusions "$lm/confusions.npy" --voices 0.4 --steps 60 --decay 20 --fine 10)
  "$python" -m recipes.lm.train "${run[@]}" --stop-at 30
  "$python" -m recipes.lm.train "${run[@]}" --resume
  "$python" -m recipes.lm.temper --run "$lm/run" --dev "$lm/dev/units.jsonl" --out "$lm/tempered"
  "$python" -m recipes.lm.phones --speech "$lm/train" --items "$lm/items" "${common[@]}" --order 4 --limit 200 --out "$lm/phones.json"
  "$python" -m recipes.lm.score --lm "$lm/tempered" "${streams[@]}" --items "$lm/items" --phones "$lm/phones.json" --json "$lm/scores.json"
  [ -z "${SYLSTREAM_BUNDLE:-}" ] || "$python" -m recipes.lm.export --run "$lm/tempered" --bundle "$bundle" --golden "$lm/train/units.jsonl" --scores "$lm/scores.json"
  export SYLSTREAM_LM_RUNS=$lm
  if [ -n "${SYLSTREAM_BUNDLE:-}" ]; then
    "$python" -m recipes.vocoder.collect --data "$runs/data" --run "$runs/vocoder" --corpora timed-speech --hours 0.05 --least 5
    "$python" -m bundle.units "$runs/vocoder/timed-speech" --bundle "$bundle"
    "$python" -m recipes.vocoder.train --run "$runs/vocoder" --steps 6
    "$python" -m recipes.vocoder.train --run "$runs/vocoder" --steps 12 --resume
    "$python" -m recipes.vocoder.export --run "$runs/vocoder" --bundle "$bundle"
  fi
elif [ "${SYLSTREAM_REQUIRE:-}" = all ]; then
  echo "expected ${missing[*]} for the language model at tiny size" >&2
  exit 1
else
  echo "skipped the language model at tiny size: there is no ${missing[*]}"
fi
"$python" -m pytest -q
