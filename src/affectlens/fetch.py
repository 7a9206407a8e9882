"""Fetching the files of real sources: a mirror or the official address, checked by SHA-256, cached."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pooch
import requests

from affectlens.sources import SOURCES, RemoteFile, Source

MIRROR_VARIABLE = "AFFECTLENS_MIRROR"
CACHE_VARIABLE = "AFFECTLENS_CACHE"
N_RETRIES = 2
TIMEOUT_S = 30.0
WAY_OUT = (
    f"Set {MIRROR_VARIABLE} to a folder or an address that holds it, or pass a copy of your own with "
    "`--params source.<field>=PATH`."
)


class FetchError(RuntimeError):
    """A file could not be had; the message names it, what was wrong, and the way out."""


def fetch_files(name: str) -> list[Path]:
    """Have every file of a source, from the mirror, the cache or its official address.

    Raises:
        FetchError: no source has this name, a file is missing or has a wrong checksum, or there is no network.
    """
    return [_have(file) for file in _source(name).remote_files]


def licence_of(name: str) -> str:
    """Under which terms a source is published, and whom to cite.

    Raises:
        FetchError: no source has this name.
    """
    source = _source(name)
    return f"{source.licence} ({source.homepage})"


def resolve(name_or_path: str) -> Path:
    """The path of a source's file: a file that exists is taken as it is; a name that fetch knows is fetched.

    Raises:
        FetchError: it is neither, or it cannot be fetched.
    """
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return path.resolve()
    known = {file.path: file for source in SOURCES.values() for file in source.remote_files}
    if name_or_path not in known:
        what = "is a directory" if path.is_dir() else f"no such file (looked in {Path.cwd()})"
        raise FetchError(
            f"{name_or_path!r}: {what}; expected the path of a file or a name that fetch knows. Pass the file itself "
            f"with `--params source.<field>=PATH`, or one of these names: {', '.join(sorted(known))}"
        )
    return _have(known[name_or_path])


def _source(name: str) -> Source:
    if name not in SOURCES:
        raise FetchError(f"source {name!r} is unknown; expected one of {', '.join(sorted(SOURCES))}")
    return SOURCES[name]


def _have(file: RemoteFile) -> Path:
    mirror = os.environ.get(MIRROR_VARIABLE)
    if mirror and mirror.startswith(("http://", "https://")):
        return _download(f"{mirror.rstrip('/')}/{file.path}", file.path, file.sha256)
    if mirror:
        return _in_folder(Path(mirror.removeprefix("file://")).expanduser(), file)
    cached = _cache() / file.path
    if cached.is_file() and _sha256(cached) == file.sha256:
        return cached
    if file.url is None:
        raise FetchError(f"{file.path} is in no cache, and {file.note}. Or: {WAY_OUT}")
    cache_name = file.path
    if file.url_sha256 is not None:
        cache_name = str(PurePosixPath(file.path).parent / PurePosixPath(file.url).name)
    return _download(file.url, cache_name, file.url_sha256 or file.sha256)


def _in_folder(folder: Path, file: RemoteFile) -> Path:
    path = folder / file.path
    if not path.is_file():
        raise FetchError(
            f"{file.path} is missing in the mirror {folder} ({MIRROR_VARIABLE}). Put it there, or unset "
            f"{MIRROR_VARIABLE} to use the official address."
        )
    found = _sha256(path)
    if found != file.sha256:
        raise FetchError(
            f"{path} has a wrong checksum: SHA-256 {found}, expected {file.sha256}. The file is damaged or another "
            "version: copy it again. If another version is meant, pass it with `--params source.<field>=PATH`."
        )
    return path


def _download(url: str, cache_name: str, sha256: str) -> Path:
    """Download into the cache unless it holds the file with this checksum already."""
    registry = pooch.create(
        path=_cache(),
        base_url="",
        registry={cache_name: f"sha256:{sha256}"},
        urls={cache_name: url},
        retry_if_failed=N_RETRIES,
    )
    try:
        return Path(registry.fetch(cache_name, downloader=pooch.HTTPDownloader(timeout=TIMEOUT_S)))
    except requests.HTTPError as error:
        status = "?" if error.response is None else error.response.status_code
        raise FetchError(f"{url} does not serve {cache_name} (HTTP {status}). {WAY_OUT}") from error
    except requests.RequestException as error:
        raise FetchError(f"no network, or {url} does not answer ({type(error).__name__}). {WAY_OUT}") from error
    except ValueError as error:
        raise FetchError(
            f"what {url} serves has a wrong checksum (expected SHA-256 {sha256}): the file was changed there, or cut "
            f"off on its way. Nothing was kept. {WAY_OUT}"
        ) from error


def _cache() -> Path:
    return Path(os.environ.get(CACHE_VARIABLE) or pooch.os_cache("affectlens")).expanduser()


def _sha256(path: Path) -> str:
    return str(pooch.file_hash(str(path), alg="sha256"))
