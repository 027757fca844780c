"""Builds the Containerfile from the packages and tries the image: container_test.py ROOT_DIR DEB…

The base is an image of the clean Debian that root_test.py keeps in ROOT_DIR. By buildah in chroot isolation, with a storage of
its own there, so that it needs no daemon and no registry. Needs root.
"""

import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "tests/docs")]

import who_runs  # noqa: E402
from ports import free_port  # noqa: E402

# As the image's user: the health check without a hub, then with one, then the hub's end.
TRIAL = """
id -u
{health} >/dev/null 2>&1 && echo "healthy without a hub"
sed 's/"port": 1883/"port": {port}/' /etc/headgate/headgate.json >/tmp/headgate.json
{entry} --config /tmp/headgate.json 2>/tmp/log &
hub=$!
for try in $(seq 100); do {health} >/dev/null 2>&1 && break; sleep 0.1; done
{health} >/dev/null && echo healthy || cat /tmp/log
kill $hub; wait $hub; echo "ended with $?"
"""


class Buildah:
    def __init__(self, kept: pathlib.Path, run_root: pathlib.Path):
        self.words = ["buildah", "--storage-driver", "vfs", "--root", str(kept / "images"), "--runroot", str(run_root)]

    def __call__(self, *words) -> str:
        done = subprocess.run([*self.words, *map(str, words)], capture_output=True, text=True, check=False, cwd=ROOT)
        if done.returncode != 0:
            raise AssertionError(f"buildah {words[0]}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout.strip()

    def image_of(self, tree: pathlib.Path) -> str:
        container = self("from", "scratch")
        subprocess.run(["cp", "-a", f"{tree}/.", self("mount", container)], check=True)
        self("umount", container)
        image = self("commit", "--quiet", "--rm", container)
        return image


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)


def try_image(buildah: Buildah, image: str) -> None:
    said = json.loads(buildah("inspect", "--type", "image", image))["Docker"]["config"]
    expect(said["User"] == "883:883", f"runs as {said['User']}")
    expect(list(said["Volumes"]) == ["/var/lib/headgate"], f"volumes: {said['Volumes']}")
    kind, *health = said["Healthcheck"]["Test"]
    expect(kind == "CMD", f"health check by {kind}")
    container = buildah("from", image)
    trial = TRIAL.format(health=" ".join(health), entry=" ".join(said["Entrypoint"]), port=free_port())
    told = buildah("run", "--isolation", "chroot", container, "--", "sh", "-c", trial).splitlines()
    expect(told == ["883", "healthy", "ended with 0"], f"in the image: {told}")


def build_as_the_page_says(buildah: Buildah, base: str, context: pathlib.Path) -> str:
    """The image's id: by the step of docs/operations.md, from these packages and this Debian. Its other step has no program here."""
    build, run = who_runs.steps("In a container")
    program, verb, *words = shlex.split(build)
    expect((program, verb, words[-1]) == ("buildah", "build", "build/package/packages"), f"the page says: {build}")
    image = buildah(verb, "--quiet", "--isolation", "chroot", "--pull-never", "--build-arg", f"BASE={base}", *words[:-1],
                    context).splitlines()[-1]
    expect(run in who_runs.STAND_INS, f"nobody runs: {run}")
    said = json.loads(buildah("inspect", "--type", "image", image))["Docker"]["config"]
    data, config = re.findall(r"-v [\w./-]+:(/[\w./-]+)", run)
    expect(data in said["Volumes"], f"{data} is no volume of the image, which has {said['Volumes']}")
    expect(config in [*said["Entrypoint"], *(said["Cmd"] or [])], f"the image does not read {config}")
    expect(run.split()[-1] == words[words.index("-t") + 1], "the page runs another image than it builds")
    return image


def main() -> int:
    kept, debs = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    shutil.rmtree(kept / "images", ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="headgate-container-") as folder:
        context = pathlib.Path(folder) / "context"
        context.mkdir()
        for deb in debs:
            shutil.copy(deb, context)
        buildah = Buildah(kept, pathlib.Path(folder) / "run")
        base = buildah.image_of(kept / "clean")
        try_image(buildah, build_as_the_page_says(buildah, base, context))
    shutil.rmtree(kept / "images", ignore_errors=True)
    print("the image is built, runs as its user and tells its health")
    return 0


if __name__ == "__main__":
    sys.exit(main())
