"""Times bitnet and PyTorch on the same workloads, in turn, and prints a table of medians.

Run: python3 scripts/compare_speed.py [--rounds N] [--seconds S] [--plain] [--memory] [--python PYTHON] WORKLOAD...
A workload is MODE/ARCHITECTURE/SIZE/BATCH/RECIPE, or several recipes with + between. It needs ./bitnet (make build) and a
Python with torch (--python). Every round runs both programs one after the other on all recipes, so that a slow spell of the
machine hits all of them; ratios are medians of the rounds' ratios. The column "to first" compares bitnet's recipes with
the first one given. PyTorch knows no b158-bf16: its b158 stands for it. With --memory the table also has the most memory that
a process of each had (on Linux), in 10^6 bytes, what loading the program takes included.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PEER = os.path.join(HERE, "peer.py")


def run(command, workload):
    return json.loads(subprocess.run(command + [workload], check=True, capture_output=True, text=True).stdout)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--seconds", type=float, default=3)
    ap.add_argument("--python", default=sys.executable)
    ap.add_argument("--bitnet", default=os.path.join(HERE, "..", "bitnet"))
    ap.add_argument("--plain", action="store_true", help="leave out PyTorch's channels-last layout")
    ap.add_argument("--memory", action="store_true", help="compare the peaks of resident memory too")
    ap.add_argument("workloads", nargs="+")
    o = ap.parse_args()
    seconds = ["--seconds", str(o.seconds)]
    layouts = [[]] if o.plain else [[], ["--channels-last"]]

    def ours(workload):
        return run([o.bitnet, "bench", "--json", *seconds], workload)

    def theirs(workload):
        return max((run([o.python, PEER, *seconds, *layout], workload) for layout in layouts), key=speed)

    columns = ["workload", "bitnet, images/s", "PyTorch, images/s", "ratio", "of rounds", "to first"]
    if o.memory:
        columns += ["bitnet, peak MB", "PyTorch, peak MB"]
    print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
    for w in o.workloads:
        stem, recipes = w.rsplit("/", 1)
        recipes = recipes.split("+")
        peers = {r: r.removesuffix("-bf16") for r in recipes}
        rounds = []
        for _ in range(o.rounds):
            mine = {r: ours(f"{stem}/{r}") for r in recipes}
            torch = {p: theirs(f"{stem}/{p}") for p in dict.fromkeys(peers.values())}
            rounds.append((mine, torch))
        for r in recipes:
            pairs = [(mine[r], torch[peers[r]]) for mine, torch in rounds]
            ratios = [speed(a) / speed(b) for a, b in pairs]
            first = statistics.median(speed(mine[r]) / speed(mine[recipes[0]]) for mine, _ in rounds)
            a, b = (statistics.median(map(speed, side)) for side in zip(*pairs))
            digits = 0 if min(a, b) >= 50 else 1
            cells = [f"{stem}/{r}", f"{a:,.{digits}f}", f"{b:,.{digits}f}", f"{statistics.median(ratios):.1f}",
                     f"{min(ratios):.1f} to {max(ratios):.1f}", f"{first:.2f}"]
            if o.memory:
                cells += [f"{statistics.median(x['peak_mb'] for x in side):,.0f}" for side in zip(*pairs)]
            print("| " + " | ".join(cells) + " |", flush=True)
    print(f"\n{pairs[0][0]['engine']} and {pairs[0][1]['engine']}, {pairs[0][0]['threads']} threads each.")


def speed(result):
    return result["images_per_second"]


main()
