"""The files of --tls-config while they change: what works is taken, what does not changes nothing."""

import shutil

import pytest

from shardex.errors import OptionsError
from shardex.serving import tls
from shardex.serving.tls import WebFile

PAIR = "tls_server_config: {cert_file: live/server.crt, key_file: live/server.key}\n"


@pytest.fixture
def folder(made, tmp_path, monkeypatch):
    """A mounted secret as kubelet lays it out: `live` leads to a folder of one moment. Each look is a new one."""
    monkeypatch.setattr(tls, "_LOOK_SECONDS", 0.0)
    for moment, name in (("first", "server"), ("second", "client"), ("half", "client")):
        (tmp_path / moment).mkdir()
        shutil.copy(made / f"{name}.crt", tmp_path / moment / "server.crt")
        shutil.copy(made / f"{'server' if moment == 'half' else name}.key", tmp_path / moment / "server.key")
    swap(tmp_path, "first")
    (tmp_path / "web.yml").write_text(PAIR)
    return tmp_path


def swap(folder, moment):
    """Let `live` lead elsewhere in one step."""
    (folder / "next").symlink_to(moment)
    (folder / "next").replace(folder / "live")


def test_nothing_changes(folder):
    """The same files are the same context: nothing is read or built for a connection."""
    file = WebFile(folder / "web.yml")
    assert file.now() is file.now()


def test_a_secret_is_renewed(folder, caplog):
    """kubelet's swap of a symbolic link is a change, though no file that is named has another name."""
    caplog.set_level("INFO")
    file = WebFile(folder / "web.yml")
    before = file.now()
    swap(folder, "second")
    after = file.now()
    assert after.context is not before.context
    assert after.config.tls.certificate == (folder / "second/server.crt").read_text()
    assert file.now() is after
    assert [record.getMessage() for record in caplog.records] == [f"--tls-config={folder / 'web.yml'}: read anew"]


@pytest.mark.parametrize(
    "breaks",
    [
        lambda folder: swap(folder, "half"),
        lambda folder: (folder / "first/server.key").unlink(),
        lambda folder: (folder / "web.yml").unlink(),
        lambda folder: (folder / "web.yml").write_text("tls_server_config: {"),
        lambda folder: (folder / "web.yml").write_text("basic_auth_users: {}"),
    ],
    ids=["a key that does not fit", "no key", "no file", "no YAML", "TLS taken away"],
)
def test_a_change_that_does_not_work(folder, caplog, breaks):
    """What worked stays, said once; when it is mended, the new one is taken. TLS never goes off by itself."""
    file = WebFile(folder / "web.yml")
    before = file.now()
    breaks(folder)
    for _ in range(3):
        assert file.now() is before
    [record] = caplog.records
    assert record.getMessage().startswith("the last working TLS configuration stays: --tls-config=")
    (folder / "web.yml").write_text(PAIR + "basic_auth_users: {}\n")
    swap(folder, "second")
    assert file.now().config.tls.certificate == (folder / "second/server.crt").read_text()


def test_another_file_is_named(folder):
    """After the file names others, it is those that are looked at."""
    file = WebFile(folder / "web.yml")
    (folder / "web.yml").write_text(PAIR.replace("live", "second"))
    taken = file.now().config
    assert [path.parent.name for path in taken.files] == ["second", "second"]
    shutil.copy(folder / "first/server.key", folder / "second/server.key")
    shutil.copy(folder / "first/server.crt", folder / "second/server.crt")
    assert file.now().config.tls.certificate == (folder / "first/server.crt").read_text()


def test_a_start_that_does_not_work(folder):
    """At the start there is nothing to stay with."""
    swap(folder, "half")
    with pytest.raises(OptionsError, match="certificate and key"):
        WebFile(folder / "web.yml")
