"""Which files are watched, when a change is due, and what the telemetry page is told of it."""

import hashlib
import os

import pytest

from shardex.options import parse
from shardex.workers.notice import Notice
from shardex.workers.watching import CONFIG, KUBECONFIG, File, Reloaded, Watch, files, look, reloads


def options(**flags):
    return parse(flags, (), lambda: 1)


def posted(path, text, *, good=True, since=100.0):
    """A row of the --config file."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    return Reloaded("config", str(path), int.from_bytes(digest[:6], "little"), good, since)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("a: 1")
    return path


class Watched:
    """A watch on a --config file, a second a turn."""

    def __init__(self, path):
        self.options = options(config=str(path))
        self.notice = Notice()
        self.watch = Watch(self.notice, look(files(self.options)), 100.0)
        self.now = 0.0

    def turns(self, count, seconds=1.0):
        found = []
        for _ in range(count):
            self.now += seconds
            found.append(self.watch.due(self.now))
        return found

    @property
    def rows(self):
        return list(reloads(self.notice))


@pytest.fixture
def watched(path):
    return Watched(path)


def test_the_files_of_the_settings():
    """Each that a setting names, and none where none does."""
    assert files(options()) == ()
    assert files(options(config="c.yaml", kubeconfig="/k")) == (File(CONFIG, "c.yaml"), File(KUBECONFIG, "/k"))


def replace_by_link(path):
    """As Kubernetes does it: the name stays, a directory link above it is swapped."""
    mount = path.parent / "mount"
    for number in (1, 2):
        (mount / f"..{number}").mkdir(parents=True)
        (mount / f"..{number}" / "config.yaml").write_text(f"a: {number}")
    (mount / "..data").symlink_to("..1")
    (mount / "config.yaml").symlink_to("..data/config.yaml")
    path.unlink()
    path.symlink_to(mount / "config.yaml")

    def swap():
        (mount / "..new").symlink_to("..2")
        (mount / "..new").rename(mount / "..data")

    return swap


def rename_over(path):
    fresh = path.with_suffix(".new")
    fresh.write_text("a: 2")
    return lambda: fresh.rename(path)


CHANGES = {
    "written": lambda path: lambda: path.write_text("a: 2"),
    "renamed over": rename_over,
    "a link swapped": replace_by_link,
    "removed": lambda path: path.unlink,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_due_once_it_rests(path, change):
    """Seen at one look, due at the next, when nobody is writing any more; and only once."""
    act = CHANGES[change](path)
    watched = Watched(path)
    assert watched.turns(2) == [False, False]
    act()
    assert watched.turns(2) == [False, True]
    watched.watch.trying()
    watched.watch.taken(watched.options, 200.0)
    assert watched.turns(2) == [False, False]
    assert watched.rows == ([] if change == "removed" else [posted(path, "a: 2", since=200.0)])


def test_it_looks_once_a_second(watched, path):
    """However often it is asked."""
    assert watched.turns(1) == [False]
    path.write_text("a: 2")
    assert watched.turns(12, seconds=0.25) == [False] * 7 + [True] + [False] * 3 + [True], "until it is tried"


def test_a_file_that_is_being_written(watched, path):
    """As long as every look finds another file, the writer is not done."""
    found = []
    for number in range(3):
        path.write_text("a: 2" + "\n" * number)
        found += watched.turns(1)
    assert [*found, *watched.turns(1)] == [False, False, False, True]


def test_a_touch_is_no_change(watched, path):
    """The same content again would list the whole cluster for nothing."""
    os.utime(path, (1, 1))
    assert watched.turns(3) == [False, False, False]
    assert watched.rows == [posted(path, "a: 1")]


def test_what_is_written_before_the_first_turn(path):
    """Between the look and the reading of a file nothing goes unnoticed."""
    before = look(files(options(config=str(path))))
    path.write_text("a: 22")
    watch = Watch(Notice(), before, 0.0)
    assert [watch.due(1.0), watch.due(2.0), watch.due(3.0)] == [False, True, True]


def test_a_file_that_appears(path):
    """--continue-without-config: nothing is told of it before it is there; then it is due."""
    path.unlink()
    watched = Watched(path)
    assert watched.rows == []
    path.write_text("a: 1")
    assert watched.turns(2) == [False, True]
    watched.watch.trying()
    watched.watch.refused(watched.now)
    assert watched.rows == [Reloaded("config", str(path), None, successful=False, since=0.0)]


def test_what_was_refused(watched, path):
    """The old content's hash and time stay, the failure is told; it is tried again each half minute."""
    path.write_text("a: 2")
    assert watched.turns(2) == [False, True]
    watched.watch.trying()
    watched.watch.refused(watched.now)
    assert watched.rows == [posted(path, "a: 1", good=False)]
    assert watched.turns(30) == [False] * 29 + [True]
    watched.watch.trying()
    watched.watch.taken(watched.options, 300.0)
    assert watched.rows == [posted(path, "a: 2", since=300.0)]
    assert not any(watched.turns(40))


def test_back_to_what_is_in_effect(watched, path):
    """A bad change that is taken back needs no reload to be good again."""
    path.write_text("a: 2")
    watched.turns(2)
    watched.watch.trying()
    watched.watch.refused(watched.now)
    path.write_text("a: 1")
    assert watched.turns(2) == [False, False]
    assert watched.rows == [posted(path, "a: 1")]
    assert not any(watched.turns(40))


def test_whose_fault_it_is(path, tmp_path):
    """The file that changed; all of them when none did. A kubeconfig's hash is nobody's business."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text("token: x")
    both = files(options(config=str(path), kubeconfig=str(kubeconfig)))
    notice = Notice()
    watch = Watch(notice, look(both), 100.0)

    def refused():
        watch.trying()
        watch.refused(0.0)
        return {row.type: row.successful for row in reloads(notice)}

    assert [(row.type, row.hash is None) for row in reloads(notice)] == [("config", False), ("kubeconfig", True)]
    kubeconfig.write_text("token: y")
    assert refused() == {"config": True, "kubeconfig": False}
    path.write_text("b: 1")
    assert refused() == {"config": False, "kubeconfig": False}
    path.write_text("a: 1")
    kubeconfig.write_text("token: x")
    assert refused() == {"config": False, "kubeconfig": False}


def test_other_files(watched, path, tmp_path):
    """A file that the new settings name is watched from then on, one that they do not name no more."""
    other = tmp_path / "kubeconfig"
    other.write_text("x")
    watched.watch.trying()
    watched.watch.taken(options(kubeconfig=str(other)), 200.0)
    assert [(row.type, row.path) for row in watched.rows] == [("kubeconfig", str(other))]
    path.write_text("a: 2")
    assert watched.turns(2) == [False, False]
    other.write_text("yy")
    assert watched.turns(2) == [False, True]


def test_the_name_is_the_peers(path):
    """As the setting has it, without needless parts."""
    watched = Watched(f"{path.parent}//./{path.name}")
    assert watched.rows == [posted(path, "a: 1")]


def test_a_pipe_is_left_to_its_reader(tmp_path):
    """Looking takes nothing out of it, and does not wait for a writer."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert Watched(pipe).rows == []
