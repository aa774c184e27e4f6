"""What does serving cost beside calling the SavedModel? Eight clients on loopback, a second a clip.

    python benchmarks/serve_load.py RUN [SECONDS]

Starts the server, asks it with eight clients at once (one clip a request, then sixteen), and prints requests, errors, clips
per second, p50 and p99, and the server's memory early and late. Beside it stands the SavedModel called directly with WAV
bytes, in two threads and with the mean batch size that the server made of the requests: before and after, the mean of both.
All clients live in one process of their own and share the machine with the server. SECONDS (20, at most 60) is of each row.
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


def main():
    run, seconds = sys.argv[1], min(60.0, float(sys.argv[2]) if len(sys.argv) > 2 else 20.0)
    process = subprocess.Popen([sys.executable, "-m", "kwscls.serve", run, "--name", "load", "--port", "0"],
                               stderr=subprocess.PIPE, text=True)
    try:
        port = next(int(line.rstrip("/\n").rpartition(":")[2]) for line in process.stderr if line.startswith("  page"))
        from kwscls.serving.servable import Servable
        from kwscls.serving.versions import find

        servable = Servable(max(find(run).items())[1], 1)
        rows = []
        for clips in (1, 16):
            load(port, "load", clips, 3)
            early, before = megabytes(process), batches(port)
            guess = max(1, round(CLIENTS * clips / 2))
            slow = direct(servable, min(64, guess), seconds / 2)
            took, failed = load(port, "load", clips, seconds)
            after = batches(port)
            mean = (after[0] - before[0]) / (after[1] - before[1])
            straight = (slow + direct(servable, max(1, round(mean)), seconds / 2)) / 2
            rate = clips * len(took) / seconds
            rows.append((clips, len(took), failed, f"{rate:.0f}", f"{1e3 * np.median(took):.1f}",
                         f"{1e3 * np.percentile(took, 99):.1f}", f"{mean:.1f}", f"{straight:.0f}", f"{rate / straight:.0%}",
                         f"{early:.0f} - {megabytes(process):.0f}"))
        console.table(f"{CLIENTS} clients, {seconds:g} s each", (
            "clips a request#", "requests#", "errors#", "clips/s#", "p50 ms#", "p99 ms#", "clips a batch#", "SavedModel clips/s#",
            "share#", "server MB#"), rows)
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
