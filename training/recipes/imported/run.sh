#!/usr/bin/env bash
# A published Whisper before and after SylBoost, and what both are worth beside the bundle that ships.
#   WHISPER=~/whisper-base bash recipes/imported/run.sh [STAGE...]      stages: speech layers teach bundles measure
# Needs model.bin of CTranslate2 (docs/import.md) and the shards of kathleen and speechocean762. Environment: PYTHON, RUNS (runs), WHISPER (whisper-base), LAYER (6), HOURS (0.3).
source "$(dirname "$0")/../stages.sh"
whisper=${WHISPER:-whisper-base} out=$runs/imported
layer=${LAYER:-6} hours=${HOURS:-0.3}
ALL=(speech layers teach bundles measure)

speech() { m recipes.imported.recordings --data "$runs/data" --out "$out/speech"; }
layers() { m experiments.whisper_layers "$whisper" --data "$runs/data"; }
teach() { m recipes.imported.sylboost "$whisper" --layer "$layer" --speech "$out/speech" --hours "$hours" --out "$out/tuned.safetensors"; }
bundles() {
  local common=(whisper "$whisper" --layer "$layer" --speech "$out/speech" --hours "$hours")
  m bundle.import_model "${common[@]}" --out "$out/whisper"
  m bundle.import_model "${common[@]}" --tuned "$out/tuned.safetensors" --out "$out/whisper-sylboost"
}
measure() {
  m measure.imported "$out/whisper" "$out/whisper-sylboost" --data "$runs/data" --json "$out/scores.json"
  m measure.evaluate ../models/small --data "$runs/data" --limit 20 --bare
  m measure.windows "$out/whisper-sylboost" --data "$runs/data" --limit 5
}

stages "$@"
