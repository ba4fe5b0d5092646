#!/usr/bin/env bash
# An encoder and a head for another task, from labelled clips: a subfolder a class, or manifest.jsonl with path and label.
#   TASK=commands CLIPS=~/commands BUNDLE=../models/small bash recipes/finetune/run.sh [STAGE...]      stages: clips head
# The head runs live: sylstream classify --head RUNS/heads/TASK FILE. Environment: PYTHON, RUNS (runs).
source "$(dirname "$0")/../stages.sh"
task=${TASK:?expected TASK, the name of the task} bundle=${BUNDLE:-../models/small}
ALL=(clips head)

clips() { m recipes.finetune.clips --runs "$runs" --folder "${CLIPS:?expected CLIPS, the folder of labelled recordings}" --name "$task"; }
head() { m recipes.finetune.train "$task" --clips "$runs/clips" --starts "$bundle" --freeze --export "$runs/heads/$task"; }

stages "$@"
