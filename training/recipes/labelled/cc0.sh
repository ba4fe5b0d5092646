#!/usr/bin/env bash
# From nothing to a bundle in ten minutes of two cores, on CC0 speech alone: one woman's reading of CMU ARCTIC's first 593 prompts.
#   bash recipes/labelled/cc0.sh [STAGE...]      stages: fetch shards timed sylboost quantize bundle measure verify
# Environment: PYTHON, RUNS (runs/cc0), CONFIG (mini), ONLY (arctic_a: what ids begin with), URL (of the repository), STEPS (450), SYLBOOST (120).
# Needs git, python3-pocketsphinx and pocketsphinx-en-us (apt-get), and the built command line for `verify`.
RUNS=${RUNS:-runs/cc0}
source "$(dirname "$0")/../stages.sh"
config=${CONFIG:-mini} out=$runs/bundle/cc0
options=(--config "$config" --run "$runs/$config" --data "$runs/data" --dev-every 100000)
ALL=(fetch shards timed sylboost quantize bundle measure verify)

fetch() { m data.sources.fetch kathleen --only "${ONLY:-arctic_a}" --out "$runs/sources" ${URL:+--url "$URL"}; }
shards() { m data.shards --runs "$runs" --shared "$runs/sources" --corpora kathleen; }
timed() { m recipes.labelled.timed "${options[@]}" --steps "${STEPS:-450}" --decay $((${STEPS:-450} / 3)); }
sylboost() { m recipes.labelled.sylboost "${options[@]}" --steps "${SYLBOOST:-120}" --decay $((${SYLBOOST:-120} / 2)); }
quantize() { m recipes.labelled.quantize --config "$config" --run "$runs/$config" --data "$runs/data" --dev 24; }
bundle() { m bundle.export --config "$config" --run "$runs/$config" --data "$runs/data" --clip ../test/fixtures/kathleen-a0002.wav --out "$out"; }

measure() {
  m measure.evaluate "$out" --data "$runs/data" --pack "$runs/none" --limit 40 --json "$runs/scores.json"
  m bundle.rebundle "$out" --scores "$runs/scores.json"
}
verify() { node ../bin/sylstream.js model verify "$out"; }

stages "$@"
