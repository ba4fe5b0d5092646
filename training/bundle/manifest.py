"""manifest.json of a bundle: what it says of itself, and the size and SHA-256 of every other file."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

MADE = ('format', 'formatVersion', 'created', 'files')  # of a manifest, by write_manifest


def read_about(folder: Path) -> dict:
    """What a bundle's manifest says besides what write_manifest makes itself."""
    return {key: value for key, value in json.loads((folder / 'manifest.json').read_text()).items() if key not in MADE}


def write_manifest(folder: Path, about: dict) -> None:
    """manifest.json with the size and SHA-256 of every other file."""
    files = {}
    for path in sorted(p for p in folder.rglob('*') if p.is_file() and p != folder / 'manifest.json'):
        data = path.read_bytes()
        files[path.relative_to(folder).as_posix()] = {'bytes': len(data), 'sha256': hashlib.sha256(data).hexdigest()}
    created = datetime.now(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
    manifest = {'format': 'sylstream-bundle', 'formatVersion': 1, 'created': created, **about, 'files': files}
    (folder / 'manifest.json').write_text(json.dumps(manifest, indent=2) + '\n')
