#!/usr/bin/env bash
# The bundle that ships, from nothing: encoder, dial, units, figures, the head of its own, what units stand for. Two and a half hours of one core.
#   bash recipes/labelled/run.sh [STAGE...]      stages: data timed sylboost quantize bundle measure head cards
# Environment: PYTHON, RUNS (runs), CONFIG (small), NAME (small), VERSION (1.0.0), TIMED (2600), SYLBOOST (1850): steps.
# On the way: 0.81, then 0.86 F1 at 50 ms on the development split. SIGTERM saves; a stage's module with --resume goes on.
source "$(dirname "$0")/../stages.sh"
config=${CONFIG:-small} name=${NAME:-small} version=${VERSION:-1.0.0} clip=../test/fixtures/kathleen-a0002.wav
run=$runs/$name out=$runs/bundle/$name data=$runs/data
ALL=(data timed sylboost quantize bundle measure head cards)

data() { RUNS=$runs bash recipes/labelled/make_data.sh "$python"; }                     # 20 minutes of synthesis, 15 of alignment, 12 of log-mel
timed() { m recipes.labelled.timed --config "$config" --run "$run" --data "$data" --steps "${TIMED:-2600}"; }                          # 46 minutes
sylboost() { m recipes.labelled.sylboost --config "$config" --run "$run" --data "$data" --steps "${SYLBOOST:-1850}" --decay $((${SYLBOOST:-1850} * 2 / 3)); }
quantize() { m recipes.labelled.quantize --config "$config" --run "$run" --data "$data"; }                     # 5 minutes, and 7 of two cores
bundle() { m bundle.export --config "$config" --run "$run" --data "$data" --clip "$clip" --out "$out"; }
measure() {
  m measure.evaluate "$out" --data "$data" --whole --json "$run/scores.json"
  m measure.dial "$out" --data "$data" --json "$run/dial.json"
  m bundle.rebundle "$out" --version "$version" --scores "$run/scores.json" --dial "$run/dial.json"
}
head() { m recipes.finetune.voice "$out" --version "$version"; }                                                                    # 5 minutes
cards() {
  m bundle.unit_cards "$out" --data "$data" --version "$version"
  m measure.confidence "$out" --data "$data" --version "$version"                                       # confidences become probabilities: 5 minutes
}

stages "$@"
