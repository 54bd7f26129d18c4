"""Files that people ask a command to write: one that cannot be written is told, before any work where possible."""

from pathlib import Path

from crossfade.errors import InvalidInputError


def folder_of(path: Path) -> Path:
    """
    The folder of a file that is written later.

    Raises:
        InvalidInputError: There is none, or the file is a folder itself.
    """
    folder = path.resolve().parent
    if not folder.is_dir():
        msg = f"{path} cannot be written: there is no folder {folder}; make it, or name another file"
        raise InvalidInputError(msg)
    if path.is_dir():
        msg = f"{path} cannot be written: it is a folder; name a file in it"
        raise InvalidInputError(msg)
    return folder


def write(path: Path, text: str) -> None:
    """
    Write *text* as UTF-8.

    Raises:
        InvalidInputError: It could not be written.
    """
    folder_of(path)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"{path} cannot be written ({error.strerror}); name another file"
        raise InvalidInputError(msg) from error
