#!/usr/bin/env python3
"""Records Ansible's own answers for every inventory of Fixtures/cases.json.

Needs `ansible-inventory` and `ansible` (ansible-core 2.19) on PATH. Writes Fixtures/golden/NAME.json: the JSON of
`ansible-inventory --list`, the text of `--graph`, and the hosts of every pattern (`ansible all --list-hosts -l`);
null where Ansible refuses the pattern because no host is left.
"""

import json
import os
import pathlib
import subprocess
import sys

FIXTURES = pathlib.Path(__file__).resolve().parent / "Fixtures"


def run(arguments, folder, may_fail=False):
    environment = {
        "PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_LOCAL_TEMP": "/tmp/fleet-record-fixtures", "ANSIBLE_HOME": "/tmp/fleet-record-fixtures",
    }
    result = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True)
    if result.returncode != 0 and may_fail:
        return None
    if result.returncode != 0:
        sys.exit(f"{' '.join(arguments)} in {folder}: {result.stderr}")
    return result.stdout


def record(name, case):
    folder = FIXTURES / "inventories" / case.get("tree", name)
    sources = [word for source in case["sources"] for word in ("-i", source)]
    patterns = {}
    for pattern in case["patterns"]:
        text = run(["ansible", "all", *sources, "--list-hosts", "-l", pattern], folder, may_fail=True)
        lines = text.splitlines() if text is not None else None
        patterns[pattern] = lines and [line.strip() for line in lines if line.startswith("    ")]
    answer = {
        "list": json.loads(run(["ansible-inventory", *sources, "--list"], folder)),
        "graph": run(["ansible-inventory", *sources, "--graph"], folder).rstrip("\n"),
        "patterns": patterns,
    }
    text = json.dumps(answer, indent=1, ensure_ascii=False, sort_keys=True)
    (FIXTURES / "golden" / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    cases = json.loads((FIXTURES / "cases.json").read_text())
    chosen = sys.argv[1:] or list(cases)
    for name in chosen:
        record(name, cases[name])
    print(f"recorded {len(chosen)} inventories")
