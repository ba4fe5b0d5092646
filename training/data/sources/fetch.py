"""`fetch`: public recordings into runs/sources, each with its licence.

    python -m data.sources.fetch --list                          what there is, how much, under which licence
    python -m data.sources.fetch kathleen                        all of it
    python -m data.sources.fetch kathleen --only arctic_a        only what begins so
    python -m data.sources.fetch kathleen --url file:///a/clone  from another place

What is there already is not fetched again. The stages that read speech look into runs/sources where there is no ../shared.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data.places import SOURCES
from data.sources.speech import kathleen, kerstin, speechocean762


@dataclass(frozen=True)
class Source:
    """Where a corpus comes from. make(speech, url, only) fetches it and writes its rows of the manifest."""

    make: Callable[[Path, str, str], None]
    url: str
    what: str
    licence: str


SOURCES_OF_SPEECH = {
    'kathleen': Source(
        kathleen,
        'https://github.com/rhasspy/dataset-voice-kathleen',
        '1.7 h, CMU ARCTIC prompts read by one woman, US English; 0.9 GB',
        'CC0-1.0',
    ),
    'kerstin': Source(
        kerstin,
        'https://github.com/rhasspy/dataset-voice-kerstin',
        '1.6 h, sentences read by one woman, German',
        'CC0-1.0',
    ),
    'speechocean762': Source(
        speechocean762,
        'https://www.openslr.org/resources/101/speechocean762.tar.gz',
        '5 h, English read by 250 learners, half of them children (Zhang et al., Interspeech 2021); 0.6 GB',
        'free for commercial and non-commercial use, with credit',
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='NAME', help=f'of {", ".join(SOURCES_OF_SPEECH)}')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('--out', type=Path, default=SOURCES)
    parser.add_argument('--only', default='', help='what the ids of the recordings begin with')
    parser.add_argument('--url', help='of one NAME')
    args = parser.parse_args()
    if args.list or not args.names:
        for name, source in SOURCES_OF_SPEECH.items():
            print(f'{name}: {source.what}\n    {source.licence}; {source.url}')
        return
    if unknown := set(args.names) - set(SOURCES_OF_SPEECH):
        raise SystemExit(f'NAME: expected some of {", ".join(SOURCES_OF_SPEECH)}, got {", ".join(sorted(unknown))}')
    if args.url and len(args.names) > 1:
        raise SystemExit(f'--url: expected one NAME beside it, got {len(args.names)}')
    for name in args.names:
        source = SOURCES_OF_SPEECH[name]
        source.make(args.out / 'speech', args.url or source.url, args.only)
        print(f'{name}: in {args.out / "speech" / name}; {source.licence}')


if __name__ == '__main__':
    main()
