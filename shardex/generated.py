"""Files of the repository that are written from tables in the code, and how to tell that they are current.

Whoever writes some is a command:

python -m MODULE [DIR]            write them
python -m MODULE --check [DIR]    name the files that are not current; exit status 1 if there are any
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import click
import msgspec


class Generated(msgspec.Struct, frozen=True):
    """All files of one module.

    module  as `python -m` takes it
    folder  that is meant when none is named
    texts   makes the text of every file by its path in the folder
    own     glob of files that nobody else writes: one of them that has no text is removed; "" for none
    """

    module: str
    folder: str
    texts: Callable[[], Mapping[str, str]]
    own: str = ""

    def stale(self, folder: Path) -> list[str]:
        """Files that are missing, differ from the tables, or are of something that is in no table any more."""
        return _stale(folder, self.texts(), self.own)

    def write(self, folder: Path) -> None:
        """Bring every file up to date, and remove those of what is in no table any more."""
        texts = self.texts()
        for name in _stale(folder, texts, self.own):
            path = folder / name
            if name in texts:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(texts[name], encoding="utf-8")
            else:
                path.unlink()

    def command(self, purpose: str) -> click.Command:
        """The module's command line; its --help begins with the purpose."""

        @click.command(help=purpose)
        @click.option("--check", is_flag=True, help="Write nothing; name the files that are not current.")
        @click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path(self.folder))
        def main(check: bool, folder: Path) -> None:
            if not check:
                self.write(folder)
                return
            found = self.stale(folder)
            for name in found:
                click.echo(f"{folder / name} is not current: run python -m {self.module}")
            if found:
                raise SystemExit(1)

        return main


def _stale(folder: Path, texts: Mapping[str, str], own: str) -> list[str]:
    present = {path.relative_to(folder).as_posix() for path in folder.glob(own)} if own else set()
    differ = {
        name
        for name, text in texts.items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
    }
    return sorted(differ | (present - texts.keys()))
