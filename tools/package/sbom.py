"""The bill of materials of a package, as CycloneDX 1.5 JSON: sbom.py DEB… writes PACKAGE_VERSION_ARCH.cdx.json beside each.

Components are the Debian packages that the programs in it are linked with, by `Depends`, and the ones whose headers were
compiled in, with the versions of the machine that built it. SOURCE_DATE_EPOCH is the time in it, as in the package.
"""

import datetime
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import uuid

# Packages of which only headers are used: nothing in a program names them.
COMPILED_IN = {
    "headgate": ["libboost1.81-dev", "nlohmann-json3-dev", "libcli11-dev", "libvalijson-dev"],
    "headgate-tools": ["libboost1.81-dev", "nlohmann-json3-dev", "libcli11-dev", "libvalijson-dev"],
}
SPDX = {"Apache-2.0", "MIT", "BSL-1.0", "BSD-2-Clause", "BSD-3-Clause", "Zlib", "EPL-2.0", "EDL-1.0", "CC0-1.0", "GPL-2.0-only",
        "GPL-3.0-or-later", "LGPL-2.1-or-later", "Unlicense"}
# How Debian's copyright files name what SPDX names otherwise.
SPDX_OF_DEBIAN = {"Expat": "MIT", "BSL-1": "BSL-1.0", "BSD-3-clause": "BSD-3-Clause", "BSD-2-clause": "BSD-2-Clause",
                  "GPL-2": "GPL-2.0-only", "GPL-3+": "GPL-3.0-or-later", "LGPL-2.1+": "LGPL-2.1-or-later", "BSD-3": "BSD-3-Clause"}


def output(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def field(deb: pathlib.Path, name: str) -> str:
    return output("dpkg-deb", "--field", str(deb), name).strip()


@functools.cache
def installed_packages() -> list[dict[str, str]]:
    fields = {"status": "db:Status-Status", "name": "Package", "version": "Version", "arch": "Architecture",
              "source": "source:Package", "homepage": "Homepage", "provides": "Provides"}
    shown = output("dpkg-query", "-W", "-f", "\t".join(f"${{{field}}}" for field in fields.values()) + "\n")
    found = (dict(zip(fields, line.split("\t"))) for line in shown.splitlines())
    return [package for package in found if package["status"] == "installed"]


def installed(name: str, arch: str) -> dict[str, str]:
    """Where libraries of two architectures are installed, the one of the package that is described; else who provides the name."""
    usable = [package for package in installed_packages() if package["arch"] in (arch, "all")]
    named = [package for package in usable if package["name"] == name]
    provide = [package for package in usable if re.search(rf"(^|[ ,]){re.escape(name)}($|[ ,])", package["provides"])]
    if not named + provide:
        raise SystemExit(f"sbom.py: {name} is not installed for {arch}")
    return (named + provide)[0]


def license_of(package: str) -> dict:
    """By the first paragraph of the machine-readable copyright file that says something of all files."""
    path = pathlib.Path(f"/usr/share/doc/{package}/copyright")
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    found = re.search(r"^Files: ?\*.*?^License: *([^\n]+)", text, re.MULTILINE | re.DOTALL)
    if not found:
        return {"license": {"name": "see copyright", "url": f"file://{path}"}}
    name = SPDX_OF_DEBIAN.get(found[1].strip(), found[1].strip())
    return {"license": {"id": name} if name in SPDX else {"name": name}}


def purl(name: str, version: str, arch: str) -> str:
    return f"pkg:deb/debian/{name}@{version.replace('+', '%2B').replace(':', '%3A')}?arch={arch}&distro=debian-12"


def component(package: str, arch: str, use: str) -> dict:
    found = installed(package, arch)
    reference = purl(found["name"], found["version"], found["arch"])
    told = {"type": "library", "bom-ref": reference, "name": found["name"], "version": found["version"], "purl": reference,
            "licenses": [license_of(found["name"])],
            "properties": [{"name": "headgate:use", "value": use}, {"name": "debian:source", "value": found["source"]}]}
    if found["homepage"]:
        told["externalReferences"] = [{"type": "website", "url": found["homepage"]}]
    return told


def depended_on(deb: pathlib.Path) -> list[str]:
    """The libraries among what the package depends on, the first of alternatives."""
    names = [re.match(r"\s*([^\s(|:]+)", part)[1] for part in field(deb, "Depends").split(",")]
    return sorted(name for name in names if name.startswith("lib"))


def bill(deb: pathlib.Path, when: datetime.datetime) -> dict:
    name, version, arch = (field(deb, key) for key in ("Package", "Version", "Architecture"))
    digest = hashlib.sha256(deb.read_bytes()).hexdigest()
    reference = f"pkg:generic/{name}@{version}?arch={arch}"
    components = [component(package, arch, "linked") for package in depended_on(deb)]
    components += [component(package, arch, "compiled in") for package in COMPILED_IN[name]]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, reference + digest)}", "version": 1,
        "metadata": {
            "timestamp": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {"type": "application", "bom-ref": reference, "name": name, "version": version, "purl": reference,
                          "licenses": [{"license": {"id": "Apache-2.0"}}],
                          "hashes": [{"alg": "SHA-256", "content": digest}],
                          "properties": [{"name": "debian:file", "value": deb.name}]},
        },
        "components": components,
        "dependencies": [{"ref": reference, "dependsOn": [one["bom-ref"] for one in components]},
                         *({"ref": one["bom-ref"]} for one in components)],
    }


def main() -> None:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    utc = datetime.timezone.utc
    when = datetime.datetime.fromtimestamp(int(epoch), utc) if epoch else datetime.datetime.now(utc)
    for deb in map(pathlib.Path, sys.argv[1:]):
        told = deb.with_suffix(".cdx.json")
        told.write_text(json.dumps(bill(deb, when), indent=2) + "\n", encoding="utf-8")
        print(told)


if __name__ == "__main__":
    main()
