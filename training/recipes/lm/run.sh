#!/usr/bin/env bash
# lm/ of a bundle: speech over much different text, the units that users get of it, and a model of what comes next. Three hours of one core.
#   BUNDLE=../models/small bash recipes/lm/run.sh [STAGE...]      stages: texts speech units simulate train score hours bundle
# Environment: PYTHON, RUNS (runs), CONFIG (small). Needs the built command line (npm run build). A later codebook means the units and all after them again;
# units, readings and `recipes.lm.train --resume` go on where they stopped. Voices of the evaluation are refused for training text.
source "$(dirname "$0")/../stages.sh"
out=${BUNDLE:-../models/small} config=${CONFIG:-small} run=$runs/lm
shared=../../shared
[ -d "$shared/speech" ] || shared=$runs/sources
train=$run/speech/train/units.jsonl dev=$run/speech/dev/units.jsonl near=$run/speech/near/units.jsonl test=$run/speech/test/units.jsonl
real=("$train" "$run/units/timed-speech.jsonl" "$run/units/kathleen.jsonl")
voices=(--confusions "$run/confusions.npy" --voices 0.4)
ALL=(texts speech units simulate train score hours bundle)

texts() { m data.texts; }                                      # Debian's texts, split for good by document: 1.6 million words; seconds
speech() {                                                     # seconds of one core an hour: flite 36, Festival's ked and kal 15, slt-hts 130
  m data.voices.readings --out "$run/speech/train" --hours 20 --change                  # rms and awb, two of three passages by another throat
  m data.voices.readings --out "$run/speech/dev" --split dev --voices kal --hours 0.7
  m data.voices.readings --out "$run/speech/near" --split dev --voices flite-rms flite-awb --hours 0.7
  m data.voices.readings --out "$run/speech/test" --split test --voices ked flite-slt slt-hts --hours 0.75
  m recipes.lm.zeroshot --split test --out "$run/zeroshot/test"                         # the items of the three tests, 15 h
}
units() {                                                      # 35 to 40 s of one core an hour
  for folder in speech/train speech/dev speech/near speech/test zeroshot/test; do m bundle.units "$run/$folder" --bundle "$out"; done
  m bundle.units "$shared/timed-speech" --bundle "$out" --unseen "$run/texts.jsonl" --out "$run/units/timed-speech.jsonl"
  m bundle.units "$shared/speech/kathleen" --bundle "$out" --out "$run/units/kathleen.jsonl"
  m bundle.units "$runs/synth/accents" --bundle "$out" --out "$run/units/accents.jsonl"
}
simulate() {                                                   # all the text as units, 16 million by 18 speakers; two speakers' confusions; 6 minutes
  local heard=(--speech "$run/speech/train" "$shared/timed-speech" "$runs/data/kathleen" "$runs/data/accents"
    --units "${real[@]}" "$run/units/accents.jsonl")
  m recipes.lm.simulate "${heard[@]}" --copies 6 --phrases 1 --blend 0.5
  m recipes.lm.simulate "${heard[@]}" --confusions "$run/confusions.npy"
}
train() {                                                      # 0.3 to 0.4 s a step: an hour
  m recipes.lm.train --config "$config" --run "$run/run" --real "${real[@]}" --weights 0.8 0.15 0.05 --simulated "$run/simulated.jsonl" \
    --share 0.25 --batch 4 "${voices[@]}" --dev "$dev" "$near" --steps 10000 --decay 4000
  m recipes.lm.temper --run "$run/run" --dev "$dev" --out "$run/small"
}
score() {
  m recipes.lm.phones --items "$run/zeroshot/test" --out "$run/phones.json"
  m recipes.lm.score --lm "$run/small" --real "${real[@]}" --simulated "$run/simulated.jsonl" --dev "$dev" --test "$test" "$near" \
    --items "$run/zeroshot/test" --phones "$run/phones.json" --json "$run/scores.json"
}
hours() {                                                      # figures over hours: passages of flite alone, steps
  local row hours limit steps
  for row in '2.5 688 150' '5.0 1376 200' '10.0 2752 300' '20.0 5504 400'; do
    read -r hours limit steps <<< "$row"
    m recipes.lm.train --config "$config" --run "$run/hours/$hours" --real "$train" --limit "$limit" --batch 4 --steps "$steps" \
      --decay $((steps * 2 / 3)) "${voices[@]}"
    m recipes.lm.score --lm "$run/hours/$hours" --real "$train" --limit "$limit" --dev "$dev" --test "$test" --items "$run/zeroshot/test" \
      --json "$run/hours/$hours.json"
  done
}
bundle() {
  local figures=() hours
  for hours in 2.5 5.0 10.0 20.0; do [ ! -f "$run/hours/$hours.json" ] || figures+=("$hours=$run/hours/$hours.json"); done
  m recipes.lm.export --run "$run/small" --bundle "$out" --golden "$dev" --scores "$run/scores.json" ${figures[@]:+--hours "${figures[@]}"}
}

stages "$@"
