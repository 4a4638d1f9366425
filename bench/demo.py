"""What the demo costs: CPU seconds and peak memory of ingest and publish, each in a process of its own.

Machines differ and are noisy, so a reference runs beside it: reading four columns of the series index once with
pyarrow. The ratio to it is the figure to compare between machines and dates.

    python -m bench.demo [--runs 3] [--write]
"""

from __future__ import annotations

import argparse
import datetime
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
REFERENCE = (
    "import idc_index_data, pyarrow.parquet as p; p.read_table(idc_index_data.IDC_INDEX_PARQUET_FILEPATH, "
    "columns=['collection_id', 'Modality', 'PatientID', 'PatientSex'])"
)


@dataclass(frozen=True)
class Cost:
    """CPU seconds (user and system), wall-clock seconds and peak resident memory in MB of one process."""

    cpu: float
    wall: float
    memory: float


def measure(command: list[str], home: Path) -> Cost:
    """Run ``command`` to its end and account for it alone.

    Raises:
        RuntimeError: the command ended with a fault.
    """
    environment = os.environ | {"RADIOGRAPH_HOME": str(home), "NO_COLOR": "1"}
    started = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command)} ended with exit code {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - started, _megabytes(usage))


def run_once() -> dict[str, Cost]:
    """One reference, one ingest and one publish into a fresh home."""
    radiograph = str(Path(sys.executable).parent / "radiograph")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        return {
            "reference": measure([sys.executable, "-c", REFERENCE], home),
            "ingest": measure([radiograph, "ingest", "idc"], home),
            "publish": measure([radiograph, "publish"], home),
        }


def report(runs: list[dict[str, Cost]]) -> str:
    """A Markdown table of medians."""
    lines = ["| step | CPU s | wall s | peak MB | CPU, reference = 1 |", "|---|---|---|---|---|"]
    reference = statistics.median(run["reference"].cpu for run in runs)
    for step in runs[0]:
        cpu, wall, memory = (
            statistics.median(getattr(run[step], field) for run in runs) for field in ("cpu", "wall", "memory")
        )
        lines.append(f"| {step} | {cpu:.1f} | {wall:.1f} | {memory:.0f} | {cpu / reference:.1f} |")
    total = statistics.median(run["ingest"].cpu + run["publish"].cpu for run in runs)
    lines.append(f"| **ingest to release** | **{total:.1f}** | | | **{total / reference:.1f}** |")
    return "\n".join(lines) + "\n"


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)


def main() -> None:
    """Measure, print and, with ``--write``, keep the dated figures."""
    parser = argparse.ArgumentParser(description="What the demo costs.")
    parser.add_argument("--runs", type=int, default=3, help="how many times (the medians are told)")
    parser.add_argument("--write", action="store_true", help="keep the figures under bench/results/")
    options = parser.parse_args()
    text = report([run_once() for _ in range(options.runs)])
    sys.stdout.write(text)
    if options.write:
        today = datetime.datetime.now(datetime.UTC).date()
        machine = f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {options.runs} runs, medians."
        head = f"# Demo, {today}\n\n{machine}\n\n"
        (RESULTS / f"{today}-demo.md").write_text(head + text, encoding="utf-8")


if __name__ == "__main__":
    main()
