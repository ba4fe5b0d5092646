#!/usr/bin/env bash
# A bundle that no label taught: the papers' own way on recordings of people. An hour and a half of one core; docs/label-free.md has what it is worth.
#   bash recipes/label_free/run.sh [STAGE...]    stages: recordings shards pretrain span losspred round1 recut round2 quantize bundle measure
# Environment: PYTHON, RUNS (runs), CONFIG (small).
source "$(dirname "$0")/../stages.sh"
config=${CONFIG:-small} run=$runs/ssl/$config out=$runs/ssl/small-ssl clip=../test/fixtures/kathleen-a0002.wav
ALL=(recordings shards pretrain span losspred round1 recut round2 quantize bundle measure)
taught=(--config "$config" --pretrained "$run/pretrain.pt" --steps 300 --decay 200)

recordings() { m data.sources.debian --runs "$runs"; }                                          # 14 h of Debian's packages; 10 minutes
shards() { m data.untimed --runs "$runs"; }                                                     # speech and runs/human -> runs/audio; 2 minutes
pretrain() { m recipes.label_free.pretrain --config "$config" --run "$run" --steps 2400 --decay 800; }                          # half an hour
span() { m recipes.label_free.pretrain --config "$config" --run "$run/span" --init "$run/pretrain.pt" --mask span --ratio 0.5 --steps 400 --decay 250; }
losspred() { m recipes.label_free.losspred --run "$run/span" --hours 1 --stride 3 --spacing 78; }                                   # 7 minutes
round1() { m recipes.labelled.sylboost "${taught[@]}" --run "$run/round1" --labels "$run/span/losspred.jsonl"; }                    # 6 minutes
recut() { m recipes.label_free.recut --config "$config" --run "$run/round1" --hours 4; }                                            # 3 minutes
round2() { m recipes.labelled.sylboost "${taught[@]}" --run "$run/round2" --labels "$run/round1/recut.jsonl" --student "$run/round1/sylboost.pt"; }
quantize() { m recipes.label_free.quantize --config "$config" --run "$run/round2" --hours 3; }
bundle() { m bundle.export --config "$config" --run "$run/round2" --clip "$clip" --out "$out"; }
measure() { m measure.evaluate "$out" --rate 4.3; }

stages "$@"
