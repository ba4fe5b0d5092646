#!/usr/bin/env bash
# Everything that data/shards.py reads, and then its shards. A step whose result is there is left out.
#   bash recipes/labelled/make_data.sh [PYTHON]           PYTHON (default python3) has requirements.txt
# Environment: RUNS (runs), VERSES (1700: 4.4 h a voice), LIMIT (utterances a corpus, for a trial), HOURS (2.5: of each corpus by changed throats).
# Needs apt-get's lists and the packages named in README.md. A corpus that is not there (timed-speech) is left out aloud.
set -euo pipefail
python=${1:-python3}
cd "$(dirname "$0")/../.."
runs=$(mkdir -p "${RUNS:-runs}" && cd "${RUNS:-runs}" && pwd)
export PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
synth=$runs/synth human=$runs/human

# Text: verses of the King James Bible, spread over all its books, one a line with an id.
mkdir -p "$synth"
if [ ! -s "$synth/text.tsv" ]; then
  bible -f gen1:1-rev22:21 | "$python" -c '
import re, sys
lines = [line.split(" ", 1)[1].strip() for line in sys.stdin if " " in line]
count = int(sys.argv[1])
for k, text in enumerate(lines[:: max(1, len(lines) // count)][:count]):
    print(f"v{k:05d}\t" + re.sub(r"[^A-Za-z0-9 ,.;:?!\x27-]", "", text))
' "${VERSES:-1700}" > "$synth/text.tsv"
fi

# Syllables of a Festival reading (its voice belongs to the evaluation pack: the sound is thrown away), then the training voices.
if [ ! -d "$synth/ref" ]; then
  "$python" -m data.voices.festival --voice kal_diphone --text "$synth/text.tsv" --out "$synth/ref.part"
  rm "$synth"/ref.part/*.wav
  mv "$synth/ref.part" "$synth/ref"
fi
for voice in awb rms; do
  if [ ! -d "$synth/flite-$voice" ]; then
    "$python" -m data.voices.flite --voice "$voice" --readings "$synth/ref" --out "$synth/part-$voice"
    mv "$synth/part-$voice" "$synth/flite-$voice"
  fi
done

# The same verses, one voice each, by diphone voices of other languages: more throats than English has.
if [ ! -d "$synth/accents" ]; then
  "$python" -m data.voices.accents --readings "$synth/ref" --out "$synth/part-accents"
  mv "$synth/part-accents" "$synth/accents"
fi

# Human dialogue, and read speech where no ../shared has it.
[ -s "$human/corpora/queen-en/items.tsv" ] || "$python" -m data.sources.debian queen --runs "$runs"
if [ ! -d ../../shared/speech ] && [ ! -s "$runs/sources/speech/manifest.jsonl" ]; then
  "$python" -m data.sources.fetch kathleen speechocean762 --out "$runs/sources"
fi

shared=../../shared
[ -d "$shared/speech" ] || shared=$runs/sources
"$python" -m data.shards --runs "$runs" --shared "$shared" ${LIMIT:+--limit "$LIMIT"}
# All of it once more by changed throats, up to 2.5 h a corpus.
if [ ! -f "$runs/data/changed/utterances.jsonl" ]; then
  corpora=()
  for name in kathleen timed-speech speechocean762 flite-rms flite-awb; do [ -f "$runs/data/$name/utterances.jsonl" ] && corpora+=("$name"); done
  "$python" -m data.changes.throats --data "$runs/data" --corpora "${corpora[@]}" --hours "${HOURS:-2.5}"
fi
