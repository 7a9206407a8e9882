from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from affectlens import fetch
from affectlens.fetch import FetchError, fetch_files, licence_of, resolve
from affectlens.sources import SOURCES, RemoteFile, Source, SourceParams

CONTENT = b"some rows\n"
NAME = "small/rows.txt"


def register(monkeypatch: pytest.MonkeyPatch, **fields: str) -> None:
    file = RemoteFile(**{"path": NAME, "sha256": hashlib.sha256(CONTENT).hexdigest(), **fields})
    source = Source(SourceParams, lambda params, paths: {}, "https://example.org", "free", (file,))
    monkeypatch.setitem(SOURCES, "small", source)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("AFFECTLENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("AFFECTLENS_MIRROR", raising=False)
    monkeypatch.setattr(fetch, "N_RETRIES", 0)
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "mirror" / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return tmp_path / "mirror"


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_mirror_folder_is_used_in_place(monkeypatch: pytest.MonkeyPatch, folder: Path, own_cache: Path) -> None:
    register(monkeypatch)
    monkeypatch.setenv("AFFECTLENS_MIRROR", str(folder))
    assert fetch_files("small") == [folder / NAME]
    assert resolve(NAME) == folder / NAME
    assert not own_cache.exists()


def test_a_mirror_address_fills_the_cache_once(
    monkeypatch: pytest.MonkeyPatch, address: str, folder: Path, own_cache: Path
) -> None:
    register(monkeypatch)
    monkeypatch.setenv("AFFECTLENS_MIRROR", address)
    assert resolve(NAME) == own_cache / NAME
    (folder / NAME).unlink()
    assert resolve(NAME).read_bytes() == CONTENT


def test_the_official_address_may_serve_another_file_under_its_own_checksum(
    monkeypatch: pytest.MonkeyPatch, address: str, own_cache: Path
) -> None:
    checksum = hashlib.sha256(CONTENT).hexdigest()
    register(monkeypatch, path="small/rows.gz", sha256="0" * 64, url=f"{address}/{NAME}", url_sha256=checksum)
    assert resolve("small/rows.gz") == own_cache / NAME


def test_a_damaged_file_in_a_mirror_is_refused(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    register(monkeypatch)
    monkeypatch.setenv("AFFECTLENS_MIRROR", str(folder))
    (folder / NAME).write_bytes(CONTENT + b"!")
    with pytest.raises(FetchError, match="wrong checksum"):
        resolve(NAME)


def test_a_download_with_a_wrong_checksum_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, address: str, own_cache: Path
) -> None:
    register(monkeypatch, sha256="0" * 64, url=f"{address}/{NAME}")
    with pytest.raises(FetchError, match="wrong checksum"):
        resolve(NAME)
    assert [path for path in own_cache.rglob("*") if path.is_file()] == []


def test_a_file_that_the_mirror_lacks_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str) -> None:
    register(monkeypatch, path="small/other.txt")
    monkeypatch.setenv("AFFECTLENS_MIRROR", str(tmp_path))
    with pytest.raises(FetchError, match=r"small/other\.txt is missing in the mirror"):
        resolve("small/other.txt")
    monkeypatch.setenv("AFFECTLENS_MIRROR", address)
    with pytest.raises(FetchError, match="HTTP 404"):
        resolve("small/other.txt")


def test_no_network_is_told_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        port = server.server_port
    register(monkeypatch, url=f"http://127.0.0.1:{port}/rows.txt")
    with pytest.raises(FetchError, match=r"no network.*AFFECTLENS_MIRROR"):
        resolve(NAME)


def test_a_file_without_an_official_address_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, note="its page serves another form")
    with pytest.raises(FetchError, match=r"another form.*--params"):
        resolve(NAME)


def test_a_path_goes_before_a_name(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    register(monkeypatch)
    monkeypatch.chdir(folder)
    assert resolve(NAME) == (folder / NAME).resolve()
    assert resolve(str(folder / NAME)) == folder / NAME


def test_what_is_neither_file_nor_name_is_answered_with_the_names() -> None:
    with pytest.raises(FetchError, match=r"no such file \(looked in .*source\.<field>=PATH.*goemotions/train\.tsv"):
        resolve("goemotions/tarin.tsv")


def test_a_directory_is_named_as_one(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"is a directory; expected the path of a file.*Pass the file itself"):
        resolve(str(tmp_path))


def test_an_unknown_source_is_answered_with_the_known_ones() -> None:
    with pytest.raises(FetchError, match="goemotions"):
        fetch_files("goemotion")
    assert "Apache-2.0" in licence_of("goemotions")
