"""What does serving cost beside calling the SavedModel? Eight clients on loopback, a second a clip.

    python -m benchmarks.serve_load RUN [SECONDS]

Starts the server, asks it with eight clients at once (one clip a request, then sixteen), and prints requests, errors, clips
per second, p50 and p99, and the server's memory early and late. Beside it stands the SavedModel called directly with WAV
bytes, in two threads and with the mean batch size that the server made of the requests. The two take turns of SLICE seconds,
so that both meet the same machine; the share is the median over the turns. The clients live in one process of their own and
share the cores with the server; "client" is the part of a core that they take. SECONDS (60) is of the server's turns, in sum.
"""

import base64
import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request

from kwscls import console

console.quiet_tensorflow()

import numpy as np

CLIENTS = 8
SLICE = 5.0


COLUMNS = ("clips a request", "requests", "errors", "clips/s", "p50 ms", "p99 ms", "clips a batch", "SavedModel clips/s", "share",
           "client, cores", "server MB")


def wav(seed):
    """A second of noise as a WAV file."""
    import io
    import wave

    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16000)
        writer.writeframes(np.random.default_rng(seed).normal(0, 3000, 16000).astype("<i2").tobytes())
    return file.getvalue()


def load(port, name, clips, seconds):
    """Latencies in seconds of all requests, and how many failed."""
    rows = [{"b64": base64.b64encode(wav(seed)).decode()} for seed in range(clips)]
    body = json.dumps({"signature_name": "wav_bytes", "instances": rows})
    took, failed, end = [], [], time.perf_counter() + seconds

    def client():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while time.perf_counter() < end:
            started = time.perf_counter()
            connection.request("POST", f"/v1/models/{name}:predict", body)
            answer = connection.getresponse()
            answer.read()
            (took if answer.status == 200 else failed).append(time.perf_counter() - started)

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return np.array(took), len(failed)


def direct(servable, batch, seconds):
    """Clips per second of the SavedModel called in two threads."""
    clips, done = np.array([wav(seed) for seed in range(batch)], object), []
    servable.answer("wav_bytes", {"wav_bytes": clips})
    end = time.perf_counter() + seconds

    def call():
        while time.perf_counter() < end:
            servable.answer("wav_bytes", {"wav_bytes": clips})
            done.append(batch)

    threads = [threading.Thread(target=call) for _ in range(2)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - started)


def batches(port):
    """Clips and batches that the server has answered."""
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
    return [float(re.search(rf"^kwscls_batch_clips_{part} (\S+)", text, re.M)[1]) for part in ("sum", "count")]


def megabytes(process):
    return int(open(f"/proc/{process.pid}/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(port, servable, clips, seconds):
    """A row of the table but for the memory: the server and the SavedModel in turns."""
    load(port, "load", clips, 3)
    rates, shares, took, failed, spent, mean = [], [], [], 0, 0.0, CLIENTS * clips / 2
    for _ in range(max(1, round(seconds / SLICE))):
        before, started = batches(port), time.process_time()
        found, wrong = load(port, "load", clips, SLICE)
        spent, failed = spent + time.process_time() - started, failed + wrong
        mean = np.subtract(batches(port), before)
        straight = direct(servable, max(1, round(mean[0] / mean[1])), SLICE / 2)
        took.append(found)
        rates.append((clips * len(found) / SLICE, straight))
        shares.append(rates[-1][0] / straight)
    took, (served, straight) = np.concatenate(took), np.median(rates, axis=0)
    return (clips, len(took), failed, f"{served:.0f}", f"{1e3 * np.median(took):.1f}", f"{1e3 * np.percentile(took, 99):.1f}",
            f"{mean[0] / mean[1]:.1f}", f"{straight:.0f}", f"{np.median(shares):.0%}", f"{spent / len(rates) / SLICE:.2f}")


def main():
    run, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
    process = subprocess.Popen([sys.executable, "-m", "kwscls.serve", run, "--name", "load", "--port", "0"],
                               stderr=subprocess.PIPE, text=True)
    try:
        port = next(int(line.rstrip("/\n").rpartition(":")[2]) for line in process.stderr if line.startswith("  page"))
        from kwscls.serving.servable import Servable
        from kwscls.serving.versions import find

        servable = Servable(max(find(run).items())[1], 1)
        rows = []
        for clips in (1, 16):
            load(port, "load", clips, 2)
            early = megabytes(process)
            rows.append((*measure(port, servable, clips, seconds), f"{early:.0f} - {megabytes(process):.0f}"))
        for row in rows:
            console.table(f"{CLIENTS} clients, {row[0]} clips a request, {seconds:g} s", ("", "value#"), list(zip(COLUMNS, row)))
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
