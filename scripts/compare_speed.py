"""Times bitnet and PyTorch on the same workloads, in turn, and prints a table of medians.

Run: python3 scripts/compare_speed.py [--rounds N] [--seconds S] [--plain] [--memory] [--python PYTHON] WORKLOAD...
It needs ./bitnet (make build) and a Python with torch (--python). Every round runs both programs one after the
other, so that a slow spell of the machine hits both; the ratio is the median of the rounds' ratios. With --memory the table also has the most memory that a process
of each had (on Linux), in 10^6 bytes, what loading the program takes included.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def rate(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


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
    columns = ["workload", "bitnet, images/s", "PyTorch, images/s", "ratio", "of rounds"]
    if o.memory:
        columns += ["bitnet, peak MB", "PyTorch, peak MB"]
    print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
    for w in o.workloads:
        ours, theirs = [], []
        for _ in range(o.rounds):
            ours.append(rate([o.bitnet, "bench", "--json", "--seconds", str(o.seconds), w]))
            variants = [rate([o.python, os.path.join(HERE, "peer.py"), "--seconds", str(o.seconds), *v, w])
                        for v in ([[]] if o.plain else [[], ["--channels-last"]])]
            theirs.append(max(variants, key=lambda r: r["images_per_second"]))
        a = [r["images_per_second"] for r in ours]
        b = [r["images_per_second"] for r in theirs]
        ratios = [x / y for x, y in zip(a, b)]
        digits = 0 if min(a + b) >= 50 else 1
        cells = [w, f"{statistics.median(a):,.{digits}f}", f"{statistics.median(b):,.{digits}f}",
                 f"{statistics.median(ratios):.1f}", f"{min(ratios):.1f} to {max(ratios):.1f}"]
        if o.memory:
            cells += [f"{statistics.median(r['peak_mb'] for r in each):,.0f}" for each in (ours, theirs)]
        print("| " + " | ".join(cells) + " |", flush=True)
    print(f"\n{ours[0]['engine']} and {theirs[0]['engine']}, {ours[0]['threads']} threads each.")


main()
