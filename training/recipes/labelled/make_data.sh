#!/usr/bin/env bash
# Everything that data/shards.py reads besides ../shared, and then its shards. A step whose result is there is left out.
#   bash recipes/labelled/make_data.sh [PYTHON]           PYTHON (default python3) has requirements.txt
# Environment: RUNS (runs), VERSES (1700: 4.4 h a voice), LIMIT (utterances a corpus, for a trial), HOURS (2.5: of each corpus by changed throats).
# Needs apt-get's lists and the packages named in README.md; Debian's own interpreter runs the scripts of ../shared/data-scripts.
set -euo pipefail
python=${1:-python3}
cd "$(dirname "$0")/../.."
runs=$(mkdir -p "${RUNS:-runs}" && cd "${RUNS:-runs}" && pwd)
scripts=$(cd ../../shared/data-scripts && pwd)
debian=/usr/bin/python3
export PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
synth=$runs/synth human=$runs/human

# Text: verses of the King James Bible, spread over all its books, one a line with an id.
mkdir -p "$synth"
if [ ! -s "$synth/text.tsv" ]; then
  bible -f gen1:1-rev22:21 | "$debian" -c '
import re, sys
lines = [line.split(" ", 1)[1].strip() for line in sys.stdin if " " in line]
count = int(sys.argv[1])
for k, text in enumerate(lines[:: max(1, len(lines) // count)][:count]):
    print(f"v{k:05d}\t" + re.sub(r"[^A-Za-z0-9 ,.;:?!\x27-]", "", text))
' "${VERSES:-1700}" > "$synth/text.tsv"
fi

# Syllables of a Festival reading (its voice belongs to the evaluation pack: the sound is thrown away), then the training voices.
if [ ! -d "$synth/ref" ]; then
  "$debian" "$scripts/synth_festival.py" --voice kal_diphone --text "$synth/text.tsv" --out "$synth/ref.part"
  rm "$synth"/ref.part/*.wav
  mv "$synth/ref.part" "$synth/ref"
fi
for voice in awb rms; do
  if [ ! -d "$synth/flite-$voice" ]; then
    "$debian" "$scripts/synth_flite.py" --voice "$voice" --ref "$synth/ref" --out "$synth/part-$voice"
    mv "$synth/part-$voice" "$synth/flite-$voice"
  fi
done

# The same verses, one voice each, by diphone voices of other languages: more throats than English has.
if [ ! -d "$synth/accents" ]; then
  "$python" -m data.voices.accents --readings "$synth/ref" --out "$synth/part-accents"
  mv "$synth/part-accents" "$synth/accents"
fi

# Human dialogue: Flight of the Amazon Queen, as data-scripts/fetch_human.sh unpacks it.
queen=$human/corpora/queen-en
if [ ! -s "$queen/items.tsv" ]; then
  mkdir -p "$human/deb" "$human/x" "$human/raw" "$human/corpora"
  (cd "$human/deb" && { ls flight-of-the-amazon-queen_*.deb > /dev/null 2>&1 || apt-get download flight-of-the-amazon-queen; })
  dpkg -x "$human"/deb/flight-of-the-amazon-queen_*.deb "$human/x/flight-of-the-amazon-queen"
  game=$human/x/flight-of-the-amazon-queen/usr/share/games/flight-of-the-amazon-queen/queen.1c
  [ -f "$game" ] || game=$(find "$human/x/flight-of-the-amazon-queen" -name queen.1c)
  "$debian" "$scripts/extract_games.py" queen "$game" "$human/raw/queen"
  "$debian" "$scripts/queen_transcripts.py" "$game" "$human/raw/queen" "$human/raw/queen.tsv"
  "$debian" "$scripts/to16k.py" "$human/raw/queen.tsv" "$queen"
fi

"$python" -m data.shards --runs "$runs" ${LIMIT:+--limit "$LIMIT"}
# All of it once more by changed throats, up to 2.5 h a corpus.
if [ ! -f "$runs/data/changed/utterances.jsonl" ]; then
  "$python" -m data.changes.throats --data "$runs/data" --corpora kathleen timed-speech speechocean762 flite-rms flite-awb --hours "${HOURS:-2.5}"
fi
