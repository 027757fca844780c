"""Installs, upgrades, removes and purges the packages in a Debian of their own: root_test.py ROOT_DIR DEB…

ROOT_DIR keeps a Debian 12 without systemd as mmdebstrap makes it, and what apt has downloaded; each run works on a copy of it.
The older packages are the same ones with a lower version and another default in their configuration. Needs root. Where no such
Debian can be made it prints SKIPPED with the reason, and ends with 77.
"""

import contextlib
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "tests/docs")]

import who_runs  # noqa: E402
from ports import free_port  # noqa: E402

CONFIG, DATA, LOGS = "etc/headgate/headgate.json", "var/lib/headgate", "var/log/headgate"
OLD_VERSION = "0.0.1"
OLD_DEFAULT = '"linger_ms": 1001'  # in the older package's configuration, in the place of:
NEW_DEFAULT = '"linger_ms": 1000'
WAIT_S = 30
LISTS_S = 86_400
RESOLVING = ("resolv.conf", "hosts")  # files that a name look-up needs

NO_MIRROR = ("Failed to fetch", "Temporary failure resolving", "Unable to fetch some archives")
SKIPPED = 77
# The machine's own mirror, where that is a Debian as this one is.
SOURCES = pathlib.Path("/etc/apt/sources.list.d/debian.sources")


class NoDebian(Exception):
    """Nothing to install into, by no fault of the packages."""


def run(*words, **settings) -> subprocess.CompletedProcess:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **settings)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, words))}: {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)


def older(deb: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """The same package as an earlier version of it."""
    tree = folder / f"old-{deb.name.split('_')[0]}"
    run("dpkg-deb", "-R", deb, tree)
    control = tree / "DEBIAN/control"
    lines = control.read_text(encoding="utf-8").splitlines()
    control.write_text("".join(f"Version: {OLD_VERSION}\n" if line.startswith("Version:") else f"{line}\n" for line in lines),
                       encoding="utf-8")
    config = tree / CONFIG
    if config.exists():
        text = config.read_text(encoding="utf-8")
        expect(NEW_DEFAULT in text, f"the test knows no default to change in {CONFIG}")
        config.write_text(text.replace(NEW_DEFAULT, OLD_DEFAULT), encoding="utf-8")
        sums = tree / "DEBIAN/md5sums"
        kept = [line for line in sums.read_text(encoding="utf-8").splitlines() if not line.endswith(CONFIG)]
        digest = hashlib.md5(config.read_bytes()).hexdigest()
        sums.write_text("".join(line + "\n" for line in [*kept, f"{digest}  {CONFIG}"]), encoding="utf-8")
    built = folder / f"{tree.name}.deb"
    run("dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, built)
    return built


def make(*words) -> None:
    try:
        run(*words)
    except (AssertionError, OSError) as error:
        raise NoDebian(f"no Debian to install into: {error}") from error


def base(kept: pathlib.Path) -> pathlib.Path:
    """The clean Debian, made once."""
    if os.geteuid() != 0:
        raise NoDebian("needs root, for the chroot")
    tree = kept / "clean"
    if not tree.exists():
        kept.mkdir(parents=True, exist_ok=True)
        half = kept / "half"
        shutil.rmtree(half, ignore_errors=True)
        mirror = [SOURCES] if SOURCES.exists() and " bookworm " in SOURCES.read_text(encoding="utf-8") else []
        make("mmdebstrap", "--variant=minbase", "--skip=cleanup/apt/lists", "--dpkgopt=force-unsafe-io", "bookworm", half, *mirror)
        half.rename(tree)
    lists = tree / "var/lib/apt/lists"
    if time.time() - lists.stat().st_mtime > LISTS_S:  # what they name may be replaced by now
        for name in RESOLVING:
            shutil.copy(f"/etc/{name}", tree / "etc" / name)
        make("chroot", tree, "apt-get", "update", "-q")
        os.utime(lists)
    return tree


def programs_name_no_path_of_the_build(debs: list[pathlib.Path], folder: pathlib.Path) -> None:
    """But those for debugging, whose assertions say where they stand."""
    for deb in debs:
        run("dpkg-deb", "-x", deb, folder / "new")
    if ", Debug, " in run(folder / "new/usr/bin/headgated", "--version").stdout:
        return
    for program in ("headgate", "headgated"):
        expect(str(ROOT).encode() not in (folder / "new/usr/bin" / program).read_bytes(), f"{program} names {ROOT}")


class Debian:
    """A copy of the clean one."""

    def __init__(self, clean: pathlib.Path, archives: pathlib.Path, folder: pathlib.Path):
        self.path = folder / "root"
        run("cp", "-a", clean, self.path)
        for name in RESOLVING:
            shutil.copy(f"/etc/{name}", self.path / "etc" / name)
        self.archives = archives
        archives.mkdir(exist_ok=True)
        run("cp", "-a", f"{archives}/.", self.path / "var/cache/apt/archives")
        (self.path / "etc/apt/apt.conf.d/99kept").write_text(
            'APT::Keep-Downloaded-Packages "true"; Binary::apt-get::APT::Keep-Downloaded-Packages "true";\n'
            'APT::Install-Recommends "false"; APT::Get::Assume-Yes "true";\n', encoding="utf-8")
        self.before = self.files()

    def inside(self, *words) -> str:
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
        try:
            done = run("chroot", self.path, *words, env=environment | proxies, stdin=subprocess.DEVNULL)
        except AssertionError as error:
            if any(words_of_apt in str(error) for words_of_apt in NO_MIRROR):
                raise NoDebian(f"apt has no mirror there: {error}") from error
            raise
        return done.stdout + done.stderr

    def install(self, *debs: pathlib.Path, options: tuple = ()) -> str:
        for deb in debs:
            shutil.copy(deb, self.path / "tmp" / deb.name)
        said = self.inside("apt-get", "install", "-q", "-y", "--allow-downgrades", *options, *(f"/tmp/{deb.name}" for deb in debs))
        for deb in (self.path / "var/cache/apt/archives").glob("*.deb"):
            if not deb.name.startswith("headgate"):
                shutil.copy(deb, self.archives / deb.name)
        return said

    def has(self, name: str) -> bool:
        return os.path.lexists(self.path / name)  # a link leads to the root of this machine

    def text(self, name: str) -> str:
        return (self.path / name).read_text(encoding="utf-8")

    def rights(self, name: str) -> str:
        return self.inside("stat", "-c", "%U:%G %a", f"/{name}").strip()

    def version(self) -> str:
        return self.inside("dpkg-query", "-W", "-f", "${Version}", "headgate").strip()

    def files(self) -> set[str]:
        """Everything that a package of ours could leave behind: not what apt, dpkg and adduser note, nor what it depends on."""
        listed = run("find", self.path, "-xdev", "-ipath", f"{self.path}/*headgate*", "-printf", "%P\n").stdout.splitlines()
        return {name for name in listed if not name.startswith(("tmp/", "var/cache/", "var/lib/apt/", "var/log/"))}

    @contextlib.contextmanager
    def hub(self, port: int, log_file: str = "tmp/hub.log"):
        """The hub of the package in it, as its user."""
        log, printed = self.path / log_file, self.path / "tmp/hub.log"
        log.touch()
        with open(printed, "wb") as written:
            process = subprocess.Popen(
                ["chroot", "--userspec=headgate:headgate", str(self.path), "sh", "-c",
                 "umask 077; cd /var/lib/headgate && exec headgated --config /etc/headgate/headgate.json"],
                stdout=written, stderr=written, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        try:
            ends = time.monotonic() + WAIT_S
            while b" started " not in log.read_bytes():
                expect(process.poll() is None and time.monotonic() < ends, f"the hub does not start: {log.read_text()}")
                time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()
            code = process.wait(WAIT_S)
        expect(code == 0, f"the hub ended with {code}: {log.read_text()}{printed.read_text()}")


class FakeSystemd:
    """Makes scripts believe that systemd runs this Debian, and notes what they ask of it. /usr/sbin comes first in apt's PATH."""

    def __init__(self, debian: Debian):
        self.runs = debian.path / "run/systemd/system"
        self.asked = debian.path / "tmp/asked"
        self.stubs = [debian.path / "usr/sbin" / name for name in ("systemctl", "deb-systemd-invoke")]
        self.runs.mkdir(parents=True)
        for stub in self.stubs:
            stub.write_text('#!/bin/sh\nif [ "$1" = show ]; then exec cat /tmp/pid; fi\necho "$*" >>/tmp/asked\n', encoding="utf-8")
            stub.chmod(0o755)
        self.pid = debian.path / "tmp/pid"  # that it says the hub has

    def told(self) -> list[str]:
        """What it was asked since the last call, without how to read units again."""
        lines = self.asked.read_text(encoding="utf-8").splitlines() if self.asked.exists() else []
        self.asked.unlink(missing_ok=True)
        return [line for line in lines if "daemon-reload" not in line]

    def end(self) -> None:
        self.runs.rmdir()
        for stub in self.stubs:
            stub.unlink()


def edit(debian: Debian, port: int) -> None:
    """As an administrator does: the port is another one, in a file that stays root's."""
    text = debian.text(CONFIG)
    with open(debian.path / CONFIG, "w", encoding="utf-8") as config:
        config.write(text.replace('"port": 1883', f'"port": {port}', 1))


def publish(port: int) -> None:
    run("mosquitto_pub", "-p", port, "-t", "kept", "-m", "over the upgrade", "-r", "-q", "1")


def expect_kept(port: int) -> None:
    got = run("mosquitto_sub", "-p", port, "-t", "kept", "-C", "1", "-W", "10").stdout
    expect(got == "over the upgrade\n", f"the data are not those from before: {got!r}")


def fresh_install_gives_rights_and_runs(debian: Debian, old: list[pathlib.Path], port: int) -> None:
    debian.install(*old)
    expect(debian.version() == OLD_VERSION, "the older version is not installed")
    for name, rights in [("etc/headgate", "root:headgate 2750"), ("etc/headgate/routes", "root:headgate 2750"),
                         (CONFIG, "root:headgate 640"), (DATA, "headgate:headgate 750")]:
        expect(debian.rights(name) == rights, f"{name} is {debian.rights(name)}, not {rights}")
    expect(":/usr/sbin/nologin" in debian.inside("getent", "passwd", "headgate"), "somebody can log in as the hub")
    debian.inside("headgated", "--check", "/" + CONFIG)
    expect(debian.has("etc/systemd/system/multi-user.target.wants/headgated.service"), "the service is not enabled")


def upgrade_takes_a_configuration_nobody_edited(debian: Debian, new: list[pathlib.Path]) -> None:
    debian.install(*new)
    expect(debian.version() != OLD_VERSION, "was not upgraded")
    expect(NEW_DEFAULT in debian.text(CONFIG), "the new default did not arrive")
    expect(debian.rights(CONFIG) == "root:headgate 640", f"an upgrade makes it {debian.rights(CONFIG)}")


def upgrade_keeps_what_was_edited_and_the_data(debian: Debian, old, new, port: int) -> None:
    debian.install(*old)
    edit(debian, port)
    with debian.hub(port):
        publish(port)
        expect('"version"' in debian.inside("headgate", "--data", f"/{DATA}/headgate-data", "status", "--json"), "no status")
    (debian.path / "etc/headgate").chmod(0o2755)  # the administrator's wish
    edited = debian.text(CONFIG)
    debian.install(*new, options=("-o", "Dpkg::Options::=--force-confold"))
    expect(debian.text(CONFIG) == edited, "an edited configuration was replaced")
    expect(NEW_DEFAULT in debian.text(CONFIG + ".dpkg-dist"), "the new configuration is not beside it")
    expect(debian.rights("etc/headgate") == "root:headgate 2755", "an upgrade takes back the administrator's rights")
    with debian.hub(port):
        expect_kept(port)


def a_hub_that_would_not_start_again_is_left_running(debian: Debian, systemd: FakeSystemd, new) -> None:
    said, told = debian.install(*new, options=("--reinstall",)), systemd.told()
    expect(told == ["restart headgated.service"], f"the new program is not started, but asked is {told}: {said}")
    config = debian.path / CONFIG
    good = config.read_text(encoding="utf-8")
    config.write_text('{"limits": 7}', encoding="utf-8")
    said = debian.install(*new, options=("--reinstall", "-o", "Dpkg::Options::=--force-confold"))
    expect(systemd.told() == [], "a hub was stopped that cannot start again")
    expect("the hub that runs is left running" in said and "limits" in said, f"nobody says what is wrong: {said}")
    config.write_text(good, encoding="utf-8")


def a_rotated_log_goes_on_in_a_fresh_file(debian: Debian, systemd: FakeSystemd, port: int) -> None:
    debian.inside("apt-get", "install", "-q", "-y", "logrotate")
    debian.inside("install", "-d", "-o", "headgate", "-g", "headgate", "-m", "750", f"/{LOGS}")
    config, name = debian.path / CONFIG, f"{LOGS}/hub.log"
    before = config.read_text(encoding="utf-8")
    config.write_text(before.replace('"file": ""', f'"file": "/{name}"'), encoding="utf-8")
    debian.inside("install", "-o", "headgate", "-g", "headgate", "-m", "640", "/dev/null", f"/{name}")
    with debian.hub(port, name) as pid:
        systemd.pid.write_text(f"{pid}\n", encoding="utf-8")
        debian.inside("logrotate", "--force", "/etc/logrotate.d/headgate")
        ends = time.monotonic() + WAIT_S
        while " reloaded " not in debian.text(name):
            expect(time.monotonic() < ends, f"the hub does not write on: {debian.text(name)}")
            time.sleep(0.05)
        expect(" started " in debian.text(f"{name}.1"), "what was written before is gone")
        expect(debian.rights(name) == "headgate:headgate 640", f"the log is {debian.rights(name)}")
    config.write_text(before, encoding="utf-8")
    systemd.told()  # what logrotate's own package asks


def remove_keeps_data_and_configuration(debian: Debian, systemd: FakeSystemd, new, port: int) -> None:
    said = debian.inside("apt-get", "remove", "-q", "-y", "headgate", "headgate-tools")
    expect(systemd.told() == ["stop headgated.service"], "the hub is not stopped")
    systemd.end()
    expect("/var/lib/headgate stays" in said, f"nobody says that the data stay: {said}")
    expect(not debian.has("usr/bin/headgated") and not debian.has("usr/bin/headgate"), "programs stay")
    expect(debian.has(CONFIG) and debian.has(f"{DATA}/headgate-data"), "configuration or data are gone")
    debian.install(*new)
    with debian.hub(port):
        expect_kept(port)


def purge_leaves_what_is_the_administrators(debian: Debian) -> None:
    key = debian.path / "etc/headgate/hub.key"
    key.write_text("a key", encoding="utf-8")
    said = debian.inside("apt-get", "purge", "-q", "-y", "headgate", "headgate-tools")
    expect("deleting /var/lib/headgate" in said and "/etc/headgate stays" in said, f"nobody says what goes and stays: {said}")
    expect(key.read_text(encoding="utf-8") == "a key", "a key of the administrator's is gone")
    left = debian.files() - debian.before - {"etc/headgate", "etc/headgate/hub.key"}
    expect(not left, f"left behind: {sorted(left)}")
    expect("headgate" in debian.inside("getent", "passwd", "headgate"), "the user is gone, and its number free for others")


def the_page_installs_it(debian: Debian, systemd: FakeSystemd, debs: list[pathlib.Path], port: int) -> None:
    """The steps of docs/operations.md, in a folder that holds the packages as `tools/dev package` leaves them."""
    folder = debian.path / "tmp/packages"
    folder.mkdir()
    for deb in debs:
        shutil.copy(deb, folder)
    edits = debian.path / "usr/sbin/editor"
    edits.write_text(f"#!/bin/sh\nsed -i 's/\"port\": 1883/\"port\": {port}/' \"$1\"\n", encoding="utf-8")
    edits.chmod(0o755)
    with contextlib.ExitStack() as running:
        for step in who_runs.steps("Packages"):
            if step == "systemctl restart headgated":
                running.close()
                running.enter_context(debian.hub(port))
            said = debian.inside("sh", "-ec", f"cd /tmp/packages && {step}")
            if step.startswith("systemctl "):
                expect(step in who_runs.STAND_INS, f"nobody knows what {step} does")
            if step.endswith(" status"):
                expect(f"127.0.0.1:{port}" in said, f"status says: {said}")
    asked = systemd.told()
    expect(asked[-1:] == ["restart headgated"] and len(asked) > 2, f"systemd was asked: {asked}")
    expect(debian.has("etc/systemd/system/headgated.service.d/port-443.conf"), "the drop-in is not there")


def a_user_of_its_own_has_the_data(debian: Debian) -> None:
    """Without the package's scripts, as docs/security.md says."""
    debian.inside("apt-get", "purge", "-q", "-y", "headgate", "headgate-tools")
    debian.inside("deluser", "--system", "headgate")
    for step in who_runs.steps("Rights", who_runs.SECURITY):
        debian.inside("sh", "-ec", step)
    expect(debian.rights(DATA) == "headgate:headgate 750", f"{DATA} is {debian.rights(DATA)}")


def main() -> int:
    kept, debs = pathlib.Path(sys.argv[1]).resolve(), [pathlib.Path(name).resolve() for name in sys.argv[2:]]
    try:
        clean = base(kept)
    except NoDebian as reason:
        print(f"SKIPPED: installing, upgrading, removing and purging: {reason}")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="run-", dir=kept) as folder:
        place = pathlib.Path(folder)
        programs_name_no_path_of_the_build(debs, place)
        old, port = [older(deb, place) for deb in debs], free_port()
        debian = Debian(clean, kept / "archives", place)
        fresh_install_gives_rights_and_runs(debian, old, port)
        upgrade_takes_a_configuration_nobody_edited(debian, debs)
        upgrade_keeps_what_was_edited_and_the_data(debian, old, debs, port)
        systemd = FakeSystemd(debian)
        a_hub_that_would_not_start_again_is_left_running(debian, systemd, debs)
        a_rotated_log_goes_on_in_a_fresh_file(debian, systemd, port)
        remove_keeps_data_and_configuration(debian, systemd, debs, port)
        purge_leaves_what_is_the_administrators(debian)
        the_page_installs_it(debian, FakeSystemd(debian), debs, port)
        a_user_of_its_own_has_the_data(debian)
    print("installed, upgraded, removed and purged as it should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
