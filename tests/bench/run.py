#!/usr/bin/env python3
"""Speed beside the peers: ours and theirs in turn, repeated, medians of the same minutes; every run a JSON line in build/bench.jsonl.

    tests/bench/run.py BUILD_FOLDER [WORKLOAD[/CASE] ...]        such as  load  'kmeans/n2m*'

A workload is a program tests/bench/WORKLOAD.c and, beside it, the peers' ../shared/bench/peers/WORKLOAD.py, where that is there. Both
print JSON lines of one form, name their cases and clocks alike, and say what they computed: figures that differ are marked.
Environment:
  BENCH_PEERS    a Python that has ../shared/bench/requirements.txt (default: /tmp/peers/bin/python, then python3)
  BENCH_WITH     peers to run, patterns with commas between (default: those that are not slower by a class; "none": ours alone)
  BENCH_RUNS     runs of each (3);  BENCH_THREADS  threads on both sides (2; itemsets and rules 1)
  BENCH_CACHE    where inputs are made once (/tmp/custmine-bench)
"""
import fnmatch
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

SHARED = pathlib.Path("../shared").resolve()
PEERS = SHARED / "bench/peers"
CACHE = pathlib.Path(os.environ.setdefault("BENCH_CACHE", "/tmp/custmine-bench"))
RUNS = int(os.environ.get("BENCH_RUNS", "3"))
ONE_THREAD = {"itemsets", "rules"}

# Where no BENCH_WITH says otherwise: the fast peers of each workload.
FAST = {
    "load": "duckdb,polars,polars-strings,pyarrow,pyarrow-strings,pandas-c",
    "customers": "duckdb,duckdb-integers,polars,pandas",
    "kmeans": "scikit-learn lloyd f64,scikit-learn lloyd f32,sklearnex f64,sklearnex f32,faiss f32",
    "itemsets": "pyfim-*",
    "rules": "pyfim-*",
    "clv": "lifetimes*",
    "together": "*",
    "pipeline": "python-stack*",
}

# How a case's input is made: by the peers' own functions, so that both read the same bytes.
INPUTS = {
    "load": "import load; load.FILES[CASE][0]()",
    "customers": "import customers; customers.FILES[CASE]()",
    "itemsets": "import itemsets; itemsets.basket_file(CASE.split('@')[0])",
    "rules": "import rules; n = CASE.split('+')[0]; rules.basket_file(n); '+' in CASE and rules.to_score(n)",
    "pipeline": "import load; load.FILES[CASE][0]()",
}


def peers_python():
    named = os.environ.get("BENCH_PEERS")
    return next(python for python in (named, "/tmp/peers/bin/python", sys.executable) if python and shutil.which(python))


def lines_of(command, **more):
    """The JSON lines that a program prints, and what went wrong."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode and not found:
        found = [{"error": (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]}]
    return found


def cases_of(program):
    listed = subprocess.run([program, "--list"], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    return [line.split(" ", 1) for line in listed]


def peers_of(workload, case):
    wanted = os.environ.get("BENCH_WITH", FAST.get(workload, "*"))
    if wanted == "none" or not (PEERS / f"{workload}.py").exists():
        return []
    listed = subprocess.run([peers_python(), f"{workload}.py", "--list"], cwd=PEERS, stdout=subprocess.PIPE, text=True).stdout
    names = [line.split(" ", 1)[1] for line in listed.splitlines() if line.split(" ", 1)[0] == case]
    return [name for name in names if any(fnmatch.fnmatch(name, one) for one in wanted.split(","))]


def make_input(build, workload, case):
    """False where it cannot be made."""
    CACHE.mkdir(parents=True, exist_ok=True)
    if case == "shop":
        shop = CACHE / "shop.csv"
        if not shop.exists():
            with open(shop.with_suffix(".part"), "wb") as file:
                subprocess.run([f"{build}/generate", "20000"], stdout=file, check=True)
            shop.with_suffix(".part").rename(shop)
        return True
    if workload not in INPUTS:
        return True
    if not PEERS.exists():
        return False
    code = "import sys; CASE = sys.argv[1]; " + INPUTS[workload]
    return subprocess.run([sys.executable, "-c", code, case], cwd=PEERS).returncode == 0


def same(ours, theirs):
    """The names of figures that both have and that differ."""
    both = [name for name in ours if isinstance(theirs.get(name), (int, float)) and not isinstance(theirs[name], bool)]
    return [name for name in both if abs(ours[name] - theirs[name]) > 1e-4 * max(abs(ours[name]), abs(theirs[name]))]


def show(case, runs):
    """runs: peer -> its lines; ours come first."""
    clocks = list(dict.fromkeys(clock for lines in runs.values() for line in lines for clock in line.get("seconds", {})))
    medians = {}
    print(f"\n{case}")
    print("  " + f"{'':34}" + "".join(f"{clock:>12}" for clock in clocks) + f"{'peak MB':>10}")
    first = None
    for peer, lines in runs.items():
        good = [line for line in lines if "seconds" in line]
        if not good:
            print(f"  {peer:34}{lines[0].get('error', 'nothing printed') if lines else 'nothing printed'}")
            continue
        medians[peer] = {c: statistics.median(line["seconds"][c] for line in good if c in line["seconds"])
                         for c in clocks if any(c in line["seconds"] for line in good)}
        first = first or good[0]
        differs = same(first["result"], good[0]["result"])
        cells = "".join(f"{medians[peer][c]:12.4f}" if c in medians[peer] else f"{'':12}" for c in clocks)
        print(f"  {peer:34}{cells}{max(line['peak_mb'] for line in good):10.0f}" + (f"  differs: {', '.join(differs)}" if differs else ""))
    for name, value in (first or {"result": {}})["result"].items():
        if name.endswith("bytes_a_row"):
            print(f"  {name}: {value:.1f} beyond the data")
    peers = {peer: seconds for peer, seconds in medians.items() if not peer.startswith("custmine")}
    for peer in [peer for peer in medians if peer not in peers]:
        compare("" if peer == "custmine" else f"{peer}, ", medians[peer], peers)


def compare(who, ours, peers):
    """One line a clock, and one for their sum; no line where no peer ran."""
    stages = set(ours) | {"clean"}  # ours cleans while it aggregates
    sums = {"all together": lambda seconds: sum(seconds.get(stage, 0) for stage in stages)} if len(ours) > 1 else {}
    values = {clock: lambda seconds, c=clock: seconds.get(c) for clock in ours} | sums
    for name, value in values.items():
        rivals = [(value(seconds), peer) for peer, seconds in peers.items() if value(seconds)]
        if rivals:
            best, peer = min(rivals)
            print(f"  {who}{name}: {best / value(ours):.2f} times as fast as the fastest peer ({peer})")


def run_case(build, workload, case, ours, log):
    peers = peers_of(workload, case)
    threads = os.environ.get("BENCH_THREADS", "1" if workload in ONE_THREAD else "2")
    runs = {}
    for _ in range(RUNS):
        for peer in ours + peers:
            if peer in ours:
                lines = lines_of([f"{build}/tests/bench/{workload}", "--case", case, "--peer", peer, "--threads", threads])
            else:
                lines = lines_of([peers_python(), f"{workload}.py", "--case", case, "--peer", peer, "--runs", "1",
                                  "--threads", threads], cwd=PEERS)
            for line in lines:
                log.write(json.dumps(line) + "\n")
            runs.setdefault(peer, []).extend(lines)
    show(f"{workload}/{case}, {threads} thread{'s' * (threads != '1')}", runs)


def main():
    build, wanted = sys.argv[1], sys.argv[2:] or ["*"]
    programs = sorted(path.stem for path in pathlib.Path("tests/bench").glob("*.c"))
    if not PEERS.exists():
        print("skipped: the peers and their inputs (../shared/bench is not here)")
    print(f"medians of {RUNS} runs, seconds; ours and the peers in turn")
    with open("build/bench.jsonl", "w") as log:
        for workload in programs:
            cases = {}
            for case, peer in cases_of(f"{build}/tests/bench/{workload}"):
                if any(fnmatch.fnmatch(f"{workload}/{case}", one if "/" in one else one + "/*") for one in wanted):
                    cases.setdefault(case, []).append(peer)
            for case, ours in cases.items():
                if make_input(build, workload, case):
                    run_case(build, workload, case, ours, log)
                elif PEERS.exists():
                    print(f"\n{workload}/{case}\n  its input could not be made")


if __name__ == "__main__":
    main()
