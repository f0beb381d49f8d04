"""Secrets that stand in files: `NAME_FILE=/run/secrets/name`.

https://docs.pydantic.dev/latest/concepts/pydantic_settings/#customise-settings-sources
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from core.errors import Misconfigured


class SecretFiles(PydanticBaseSettingsSource):
    """Reads each of `secrets` that nothing before has set from the file that its NAME_FILE names.

    `given`: where NAME_FILE may stand, in lower case, the first goes before the others.
    """

    def __init__(
        self,
        settings: type[BaseSettings],
        secrets: Collection[str],
        *given: Mapping[str, str | None],
    ) -> None:
        super().__init__(settings)
        self._secrets = secrets
        self._given = given

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - the interface's
        """One secret; None where no file is named. Raises Misconfigured for one that is not
        there."""
        paths = (each.get(f"{field_name}_file") for each in self._given)
        path = next(filter(None, paths), None)
        return (_read(field_name, path) if path else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        """All of them. An empty file is as good as none."""
        fields = self.settings_cls.model_fields
        wanted = [name for name in self._secrets if not self.current_state.get(name)]
        found = {name: self.get_field_value(fields[name], name)[0] for name in wanted}
        return {name: secret for name, secret in found.items() if secret}


def _read(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "it is no text"
        raise Misconfigured(f"{name.upper()}_FILE: cannot read {path}: {why}.") from error
