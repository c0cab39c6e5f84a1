#!/usr/bin/env python3
"""Fails when an include points against include <- storage <- actors <- app.

Also: roles meet in troupe/actor/, never in each other's folder; RapidJSON,
LMDB and Boost stay behind the files that are theirs.
"""
import re
import subprocess
import sys

# What a folder may include, besides itself and the system's headers.
MAY = {
    "include": set(),
    "storage": {"include"},
    "actors/filter": {"include"},
    "actors/reactor": {"include"},
    "actors/remoting": {"include"},
    "actors/deadlines": {"include", "storage"},
    "actors": {"include", "storage", "actors/deadlines", "actors/filter",
               "actors/reactor", "actors/remoting"},
    "app": {"include", "storage", "actors", "actors/filter", "actors/reactor",
            "actors/remoting"},
}

# Roles that may see the spawn headers of the others.
MEETS_ALL = {"actors/supervisor", "actors/directory"}

# Library headers and the only files that may have them.
HOMES = {
    r"lmdb\.h": r"storage/lmdb\.(hpp|cpp)",
    r"boost/program_options.*": r"app/.*options\.cpp",
    r"rapidjson/.*": r"actors/remoting/.*|app/bench/.*",
    r"libdeflate\.h": r"storage/crc32\.cpp|actors/remoting/(checksum|zlib_text)\.cpp",
    r"editline/.*": r"app/shell/editor\.cpp",
    r"caf/(io|openssl)/.*": r"actors/admin/door\.cpp",
    r"sys/epoll\.h": r"actors/reactor/.*|actors/gateway/.*|app/bench/.*",
}

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def folder_of(path):
    """The layer a file of the tree lies in."""
    parts = path.split("/")
    if parts[0] == "actors" and len(parts) > 2:
        return f"actors/{parts[1]}"
    return parts[0]


def layer_of(folder):
    return folder if folder in MAY else folder.split("/")[0]


def target_of(name, roles):
    """The folder that an include names, or None for a system header."""
    first = name.split("/")[0]
    if first == "troupe":
        return "include"
    if first in ("storage", "app"):
        return first
    if first == "actors":
        return folder_of(name)
    if first in roles and "/" in name:
        return f"actors/{first}"
    return None


def main():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard",
         "include", "storage", "actors", "app"],
        capture_output=True, text=True, check=True).stdout.split()
    files = [x for x in listed if x.endswith((".hpp", ".cpp"))]
    roles = {x.split("/")[1] for x in files
             if x.startswith("actors/") and x.count("/") > 1}
    faults = []
    for path in files:
        own = folder_of(path)
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            continue
        for bracket, name in INCLUDE.findall(text):
            for library, home in HOMES.items():
                if re.fullmatch(library, name) and not re.fullmatch(home, path):
                    faults.append(f"{path}: <{name}> belongs in {home}")
            target = target_of(name, roles)
            if target is None or target == own:
                continue
            allowed = MAY[layer_of(own)]
            if layer_of(own) == "app" or target in allowed:
                continue
            if own in MEETS_ALL and target.startswith("actors/"):
                continue
            faults.append(f"{path}: includes {name}, but {own} may not know "
                          f"{target}; move what is shared down")
    for fault in faults:
        print(fault)
    print(f"{len(files)} files, {len(faults)} includes point the wrong way")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
