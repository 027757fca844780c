"""What the packages hold besides programs: files_test.py BUILD_DIR VERSION.

Installs both components into a directory of its own, then tries the unit, the drop-in, the manual pages and the completions as
their users would: systemd-analyze, man, bash, zsh. A tool that is not installed is named in the output, and its checks left out.
"""

import gzip
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/package"))

from help_tree import Command, read  # noqa: E402

HUB_FILES = ["bin/headgated", "lib/systemd/system/headgated.service", "etc/headgate/headgate.json", "etc/headgate/routes",
             "etc/logrotate.d/headgate", "var/lib/headgate", "share/man/man8/headgated.8.gz", "share/man/man5/headgate.json.5.gz",
             "share/doc/headgate/copyright", "share/doc/headgate/examples/port-443.conf"]
TOOLS_FILES = ["bin/headgate", "share/man/man1/headgate.1.gz", "share/bash-completion/completions/headgate",
               "share/zsh/vendor-completions/_headgate", "share/doc/headgate-tools/copyright"]

# A hub that has two queues and two clients, for a shell that completes their names. It also notes how it was asked.
KNOWS = r"""#!/bin/sh
printf '%s\n' "$*" >>"$ASKED"
case "$*" in
  *"queue ls --json") echo '{"queues":[{"name":"$upstream","lane":1},{"name":"filter/input1","session":"x"}]}' ;;
  *"client ls --json") echo '{"clients": [{"client_id": "pump 7"}, {"client_id": "press"}]}' ;;
esac
"""

# Prints for the words of a line, the last of them being typed, what is offered, one a line, and a line with a dot.
COMPLETE = r"""
source "$FILE"
offered() {
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
  _headgate
  [[ ${#COMPREPLY[@]} -eq 0 ]] || printf '%s\n' "${COMPREPLY[@]}"
  echo .
}
"""


# Lines and what is offered at their end.
LINES = [(("queue", "p"), ["pause", "peek", "purge"]),
         (("queue", "pause", "fil"), ["filter/input1"]),
         (("queue", "peek", "-n", "3", "fil"), ["filter/input1"]),
         (("queue", "peek", ""), ["\\$upstream", "filter/input1"]),
         (("queue", "peek", "filter/input1", ""), []),
         (("client", "kick", "p"), ["press", "pump\\ 7"]),
         (("session", "rm", "--yes", "pu"), ["pump\\ 7"]),
         (("unbatch", "--protocol", ""), ["4", "5"]),
         (("route", "check", "ask"), ["asked"]),
         (("no", "such"), [])]


def run(*words, **settings) -> subprocess.CompletedProcess:
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, timeout=60, **settings)


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)


class Installed:
    """What `cmake --install` puts below the prefix of this build."""

    def __init__(self, build: pathlib.Path, target: pathlib.Path):
        self.target = target
        cache = (build / "CMakeCache.txt").read_text(encoding="utf-8")
        self.prefix = re.search(r"^CMAKE_INSTALL_PREFIX:PATH=(.*)$", cache, re.MULTILINE)[1]
        for component in ("hub", "tools"):
            done = run("cmake", "--install", build, "--component", component, env={**os.environ, "DESTDIR": str(target)})
            expect(done.returncode == 0, f"cmake --install --component {component}: {done.stderr}")

    def path(self, name: str) -> pathlib.Path:
        if self.prefix == "/usr" and name.startswith(("etc/", "var/", "lib/systemd/")):
            return self.target / name
        return self.target / self.prefix.lstrip("/") / name


def installs_every_file(installed: Installed) -> None:
    for name in HUB_FILES + TOOLS_FILES:
        expect(installed.path(name).exists(), f"not installed: {name}")
    config = installed.path("etc/headgate/headgate.json")
    expect(config.read_bytes() == (ROOT / "conf/headgate.json").read_bytes(), "another configuration is installed")


def versions_agree(installed: Installed, version: str) -> None:
    for program in ("headgate", "headgated"):
        said = run(installed.path(f"bin/{program}"), "--version").stdout.splitlines()
        expect(said[:1] == [f"{program} {version}"], f"{program} --version begins with {said[:1]}")
        expect(re.fullmatch(r"built by (GCC|Clang) \d.* for \S+, .+, commit (not recorded|[0-9a-f]{7,40}(-changed)?)", said[1]),
               f"{program} --version says of its build: {said[1]}")
        expect("RocksDB " in said[2] and ", ," not in said[2], f"{program} --version says of its libraries: {said[2]}")
    known = re.search(r'kVersion = "([^"]+)"', (ROOT / "hub/hub.h").read_text(encoding="utf-8"))[1]
    expect(known == version, f"hub.h says {known}, CMakeLists.txt {version}")


def unit_is_sound(installed: Installed, folder: pathlib.Path) -> None:
    """Alone and with the drop-in for port 443; the program's path becomes that of this build, which systemd looks for."""
    text = installed.path("lib/systemd/system/headgated.service").read_text(encoding="utf-8")
    started = f"ExecStart={installed.prefix}/bin/headgated "
    expect(started in text, f"the unit does not start what is installed: no {started}")
    unit = folder / "headgated.service"
    unit.write_text(text.replace(started, f"ExecStart={installed.path('bin/headgated')} "), encoding="utf-8")
    if not shutil.which("systemd-analyze"):
        print("left out: systemd-analyze is not installed")
        return
    for drop_in, exposure in [(None, 12), ("port-443.conf", 30)]:
        if drop_in:
            (folder / "headgated.service.d").mkdir()
            shutil.copy(installed.path(f"share/doc/headgate/examples/{drop_in}"), folder / "headgated.service.d")
        done = run("systemd-analyze", "verify", "--man=no", unit)
        ours = [line for line in (done.stdout + done.stderr).splitlines() if "headgated" in line or drop_in and drop_in in line]
        expect(not ours and done.returncode == 0, f"systemd-analyze verify, with {drop_in}: {ours or done.stderr}")
        done = run("systemd-analyze", "security", "--offline=true", f"--threshold={exposure}", unit)
        expect(done.returncode == 0, f"exposed by more than {exposure} tenths with {drop_in}: {done.stdout[-300:]}{done.stderr}")


def pages_are_sound(installed: Installed, tree: Command) -> None:
    pages = {"headgate.1": "man1", "headgated.8": "man8", "headgate.json.5": "man5"}
    texts = {}
    for page, folder in pages.items():
        path = installed.path(f"share/man/{folder}/{page}.gz")
        texts[page] = gzip.open(path, "rt", encoding="utf-8").read()
        if not shutil.which("man"):
            print("left out: man is not installed")
            continue
        done = run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path,
                   env={**os.environ, "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"})
        expect(done.returncode == 0 and not done.stderr, f"man --warnings {page}: {done.stderr[:500]}")
    for command in tree.leaves():
        expect(f".SS {' '.join(command.path)}\n".replace("-", "\\-") in texts["headgate.1"],
               f"headgate.1 has nothing about: {' '.join(command.path)}")
    for key in keys(json.loads((ROOT / "conf/headgate.json").read_text(encoding="utf-8"))):
        expect(f"\n\\fB{key}\\fR" in texts["headgate.json.5"], f"headgate.json.5 has nothing about {key}")


def keys(config: dict, path: str = ""):
    """Of objects in objects; lists and objects without members are values."""
    for key, value in config.items():
        if isinstance(value, dict) and value:
            yield from keys(value, f"{path}{key}.")
        else:
            yield path + key


class Bash:
    """Completes lines with the installed file, asking a hub of the test's own."""

    def __init__(self, installed: Installed, folder: pathlib.Path):
        self.file = installed.path("share/bash-completion/completions/headgate")
        self.hub = folder / "headgate"
        self.asked = folder / "asked"
        self.folder = folder
        self.hub.write_text(KNOWS, encoding="utf-8")
        self.hub.chmod(0o755)

    def offers(self, lines: list[tuple[str, ...]]) -> list[list[str]]:
        """For each line, sorted."""
        self.asked.write_text("", encoding="utf-8")
        calls = "\n".join(shlex.join(["offered", str(self.hub), *words]) for words in lines)
        done = run("bash", "--norc", "-c", COMPLETE + calls, cwd=self.folder, env={
            "PATH": os.environ["PATH"], "HOME": "/nowhere", "ASKED": str(self.asked), "FILE": str(self.file)})
        expect(done.returncode == 0 and not done.stderr, f"completing: {done.stderr}")
        offered: list[list[str]] = [[]]
        for line in done.stdout.splitlines():
            offered += [[]] if line == "." else []
            offered[-1] += [line] if line != "." else []
        return [sorted(names) for names in offered[:-1]]


def bash_completes(installed: Installed, tree: Command, folder: pathlib.Path) -> None:
    bash = Bash(installed, folder)
    expect(run("bash", "-n", bash.file).returncode == 0, "bash -n")
    groups = [command for command in tree.all() if command.commands]
    for command, got in zip(groups, bash.offers([(*command.path, "") for command in groups])):
        expect(got == sorted(below.path[-1] for below in command.commands), f"{command.path}: offers {got}")
    commands = list(tree.all())
    for command, got in zip(commands, bash.offers([(*command.path, "-") for command in commands])):
        wanted = {name for option in command.options for name in option.names}
        expect(wanted <= set(got), f"{command.path}: does not offer {wanted - set(got)}")
    for (words, offered), got in zip(LINES, bash.offers([words for words, _ in LINES])):
        expect(got == sorted(offered), f"{words}: offers {got}, not {offered}")
    bash.offers([("--data", "there", "queue", "--socket", "=", "s", "peek", "")])
    expect(bash.asked.read_text(encoding="utf-8") == "--data there --socket s queue ls --json\n", "asked another hub")


def zsh_reads_it(installed: Installed, tree: Command) -> None:
    file = installed.path("share/zsh/vendor-completions/_headgate")
    text = file.read_text(encoding="utf-8")
    for command in tree.all():
        name = "_headgate_" + "_".join(command.path).replace("-", "_")
        expect(f"\n{name}() {{" in text, f"_headgate has nothing about: {' '.join(command.path)}")
    if not shutil.which("zsh"):
        print("left out: zsh is not installed")
        return
    done = run("zsh", "-n", file)
    expect(done.returncode == 0 and not done.stderr, f"zsh -n: {done.stderr}")


def main() -> int:
    build, version = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    with tempfile.TemporaryDirectory(prefix="headgate-files-") as folder:
        place = pathlib.Path(folder)
        for part in ("target", "unit", "bash"):
            (place / part).mkdir()
        installed = Installed(build, place / "target")
        installs_every_file(installed)
        versions_agree(installed, version)
        unit_is_sound(installed, place / "unit")
        tree = read([str(installed.path("bin/headgate"))])
        pages_are_sound(installed, tree)
        bash_completes(installed, tree, place / "bash")
        zsh_reads_it(installed, tree)
    print("installed files, --version, unit, pages and completions are as they should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
