#!/usr/bin/env bash
# speak/ of a bundle, from shards that hold sound and the units that users get. An hour of one core; every stage can be stopped and begun again.
#   BUNDLE=../models/small bash recipes/vocoder/run.sh [STAGE...]      stages: frames units train bundle
# Environment: PYTHON, RUNS (runs), MINUTES (18) of training. A new codebook needs the units and all that follows, not the frames.
source "$(dirname "$0")/../stages.sh"
out=${BUNDLE:-../models/small} run=$runs/vocoder
ALL=(frames units train bundle)

frames() { m recipes.vocoder.collect --data "$runs/data" --run "$run"; }                                       # 3 minutes an hour of speech
units() { for corpus in kathleen flite-rms flite-awb timed-speech; do m bundle.units "$run/$corpus" --bundle "$out"; done; }       # 4 minutes an hour
train() { m recipes.vocoder.train --run "$run" --minutes "${MINUTES:-18}"; }
bundle() { m recipes.vocoder.export --run "$run" --bundle "$out"; }

stages "$@"
