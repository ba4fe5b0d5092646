#!/usr/bin/env bash
# A finished bundle's network taught to say the same of the same speech, clean and changed; then the bundle of that.
#   BUNDLE=../models/small bash recipes/paired/run.sh [STAGE...]      stages: steady quiet quantize bundle
# Environment: PYTHON, RUNS (runs), STEPS (6000), DATA (RUNS/data: shards of recipes/labelled).
source "$(dirname "$0")/../stages.sh"
steps=${STEPS:-6000} data=${DATA:-$runs/data} run=$runs/steady
ALL=(steady quiet quantize bundle)

steady() { m recipes.paired.steady --data "$data" --init "${BUNDLE:-../models/small}" --run "$run" --steps "$steps" --decay $((steps / 4)); }
quiet() { m recipes.paired.quiet --run "$run" --data "$data"; }
quantize() { m recipes.labelled.quantize --config steady --stage steady --phases 2 --natural 3.91 --run "$run" --data "$data"; }
bundle() { m bundle.export --config steady --stage steady --run "$run" --data "$data" --clip ../test/fixtures/kathleen-a0002.wav --out "$runs/bundle/steady"; }

stages "$@"
