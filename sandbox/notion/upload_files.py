"""Uploaded files, in memory until a block holds them, then beside the pages."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.notion.ids import parse_id


@dataclass
class Upload:
    """One upload; `sent` are the parts by number."""

    id: str
    name: str
    type: str
    parts: int | None
    created: float
    sent: dict[int, bytes] = field(default_factory=dict)
    status: str = "pending"
    attached: bool = False

    @property
    def content(self) -> bytes:
        return b"".join(self.sent[number] for number in sorted(self.sent))


class Uploads:
    """All uploads by id, in memory; what was attached is kept in `folder`, where there is one.

    `limit` is the most bytes of a file.
    """

    def __init__(self, folder: Path | None = None, limit: int = 5 * 1024 * 1024 * 1024) -> None:
        self.limit = limit
        self._folder = folder
        self._by_id: dict[str, Upload] = {}

    def add(self, upload: Upload) -> None:
        self._by_id[upload.id] = upload

    def keep(self, upload: Upload) -> None:
        """Notes that a block holds it; from then on it does not expire."""
        upload.attached = True
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / upload.id).write_bytes(upload.content)
            about = json.dumps([upload.name, upload.type, upload.created])
            (self._folder / f"{upload.id}.json").write_text(about, encoding="utf-8")

    def found(self, upload_id: str) -> Upload | None:
        """One that was sent whole, also by the process before this one."""
        known = self._by_id.get(upload_id)
        if known is not None or self._folder is None or parse_id(upload_id) != upload_id:
            return known
        about = self._folder / f"{upload_id}.json"
        if not about.exists():
            return None
        name, kind, created = json.loads(about.read_text(encoding="utf-8"))
        content = (self._folder / upload_id).read_bytes()
        return Upload(upload_id, name, kind, None, created, {1: content}, "uploaded", attached=True)
