"""File uploads: created, sent in one part or several, then attached to a block.

https://developers.notion.com/reference/file-upload — 20 MiB a part, 5 GiB or, on a free plan,
5 MiB a file, an hour until what was not attached is gone, and a list of extensions.
"""

import mimetypes
from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.notion.blocks import Draft
from sandbox.notion.calls import STORE, path_id, read_body
from sandbox.notion.checks import only_keys, read_choice, read_int, read_text
from sandbox.notion.errors import MISSING, RefusedError, invalid, not_found, should_be
from sandbox.notion.ids import BOT_USER_ID, new_id
from sandbox.notion.present import timestamp
from sandbox.notion.store import PageStore
from sandbox.notion.upload_files import Upload

PART = 20 * 1024 * 1024
LIFE = 3600.0
_NAME = 900
_PARTS = 1_000

_TAKEN = (
    "aac adts mid midi mp3 mpga m4a m4b oga ogg wav wma "
    "pdf txt json doc dot docx dotx xls xlt xla xlsx xltx ppt pot pps ppa pptx potx csv md "
    "gif heic jpeg jpg png svg tif tiff webp ico "
    "amv asf wmv avi f4v flv gifv m4v mp4 mkv webm mov qt mpeg"
)
_EXTENSIONS = frozenset(_TAKEN.split())


async def create_upload(request: web.Request) -> web.Response:
    body = await read_body(request)
    keys = ("mode", "filename", "content_type", "number_of_parts", "external_url")
    only_keys(body, "body", keys)
    modes = ("single_part", "multi_part")
    mode = read_choice(body.get("mode", "single_part"), "body.mode", modes)
    name = read_text(body.get("filename", "file"), "body.filename", _NAME)
    kind = read_text(body.get("content_type", _guessed(name)), "body.content_type", 200)
    parts = None
    if mode == "multi_part":
        if "filename" not in body:
            raise should_be("body.filename", "defined", MISSING)
        parts = read_int(body.get("number_of_parts", MISSING), "body.number_of_parts", 1, _PARTS)
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if not extension:
        extension = (mimetypes.guess_extension(kind) or "").lstrip(".")
        name = f"{name}.{extension}"
    if extension not in _EXTENSIONS:
        raise invalid(f"The file extension .{extension} is not supported for file uploads.")
    upload = Upload(new_id(), name, kind, parts, request.app[STORE].now())
    request.app[STORE].uploads.add(upload)
    return web.json_response(_shown(request, upload))


async def get_upload(request: web.Request) -> web.Response:
    return web.json_response(_shown(request, _upload(request)))


async def send_upload(request: web.Request) -> web.Response:
    upload = _upload(request)
    if upload.status != "pending":
        raise invalid(f"File upload status is {upload.status}, not pending.")
    content, kind, number = await _read_form(request)
    if kind and kind.partition(";")[0] != upload.type.partition(";")[0]:
        raise invalid(f"Content type {kind} does not match the upload's, {upload.type}.")
    if len(content) > PART:
        raise RefusedError("validation_error", "The part is larger than 20 MiB.", status=413)
    if upload.parts is not None and not 1 <= number <= upload.parts:
        raise should_be("body.part_number", f"1 to {upload.parts}", number)
    upload.sent[number] = content
    if len(upload.content) > request.app[STORE].uploads.limit:
        upload.status = "failed"
        raise invalid("The file is larger than this workspace's limit for uploads.")
    if upload.parts is None:
        upload.status = "uploaded"
    return web.json_response(_shown(request, upload))


async def complete_upload(request: web.Request) -> web.Response:
    upload = _upload(request)
    if upload.parts is None or upload.status != "pending":
        raise invalid("Only a pending upload of several parts can be completed.")
    if set(upload.sent) != set(range(1, upload.parts + 1)):
        raise invalid(f"{len(upload.sent)} of {upload.parts} parts were sent.")
    upload.status = "uploaded"
    return web.json_response(_shown(request, upload))


def attach(store: PageStore, drafts: list[Draft]) -> list[Draft]:
    """The blocks, their uploads turned into files. Raises RefusedError where one is not ready."""
    return [_attached(store, draft) for draft in drafts]


def _attached(store: PageStore, draft: Draft) -> Draft:
    body, children = draft.body, attach(store, draft.children)
    if body.get("type") != "file_upload":
        return Draft(draft.type, body, children)
    upload = _ready(store, body["file_upload"]["id"])
    kept = {name: value for name, value in body.items() if name != "file_upload"}
    file = {"type": "file", "file": {"upload": upload.id}}
    named = {"name": body.get("name") or upload.name} if draft.type == "file" else {}
    return Draft(draft.type, kept | file | named, children)


def attach_values(store: PageStore, properties: dict[str, Any]) -> dict[str, Any]:
    """The values of properties, the uploads in them turned into files; raises as `attach`."""
    return {
        name: value | {"files": [_attached_value(store, each) for each in value["files"]]}
        if value["type"] == "files"
        else value
        for name, value in properties.items()
    }


def _attached_value(store: PageStore, file: dict[str, Any]) -> dict[str, Any]:
    if file["type"] != "file_upload":
        return file
    upload = _ready(store, file["file_upload"]["id"])
    name = file["name"] or upload.name
    return {"name": name, "type": "file", "file": {"upload": upload.id}}


def _ready(store: PageStore, upload_id: str) -> Upload:
    """The upload, kept from now on; it may be attached more than once."""
    upload = find(store, upload_id)
    if upload.status != "uploaded":
        raise invalid(f"File upload {upload.id} has status {upload.status}, not uploaded.")
    store.uploads.keep(upload)
    return upload


async def _read_form(request: web.Request) -> tuple[bytes, str, int]:
    if not request.content_type.startswith("multipart/form-data"):
        raise should_be("Content-Type", "multipart/form-data", request.content_type)
    content, kind, number = None, "", 1
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.name == "file":
            kind = part.headers.get("Content-Type", "")
            content = bytes(await part.read())
        elif part.name == "part_number":
            text = (await part.read()).decode(errors="replace")
            number = int(text) if text.isdecimal() else 0
    if content is None:
        raise should_be("body.file", "defined", MISSING)
    return content, kind, number


def _upload(request: web.Request) -> Upload:
    return find(request.app[STORE], path_id(request, "file_upload_id"))


def find(store: PageStore, upload_id: str) -> Upload:
    """Raises RefusedError where there is none."""
    upload = store.uploads.found(upload_id)
    if upload is None:
        raise not_found("file_upload", upload_id)
    if not upload.attached and store.now() - upload.created > LIFE:
        upload.status = "expired"
    return upload


def _guessed(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _shown(request: web.Request, upload: Upload) -> dict[str, Any]:
    created = timestamp(upload.created)
    ends = None if upload.attached else timestamp(upload.created + LIFE)
    length = len(upload.content) if upload.status == "uploaded" else None
    address = f"{request.scheme}://{request.host}{request.path.partition('/file_uploads')[0]}"
    here = f"{address}/file_uploads/{upload.id}"
    shown: dict[str, Any] = {
        "object": "file_upload",
        "id": upload.id,
        "created_time": created,
        "created_by": {"id": BOT_USER_ID, "type": "bot"},
        "last_edited_time": created,
        "in_trash": False,
        "expiry_time": ends,
        "status": upload.status,
        "filename": upload.name,
        "content_type": upload.type,
        "content_length": length,
    }
    if upload.status == "pending":
        shown["upload_url"] = f"{here}/send"
    if upload.parts is not None:
        shown["number_of_parts"] = {"total": upload.parts, "sent": len(upload.sent)}
        if upload.status == "pending":
            shown["complete_url"] = f"{here}/complete"
    return shown
