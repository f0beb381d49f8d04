"""The offline model's process: serves chat completions on loopback until stdin ends.

Run by its path, with the weights as its one argument. It reads the key to accept from stdin's
first line and writes its address to stdout. The far end of stdin is held by the application alone,
so however the application ends, `kill -9` included, stdin ends and this process with it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import xllamacpp

NAME = "SmolLM2-135M-Instruct"
CONTEXT = 4096
"""Tokens of question and answer together; the model was trained on 8,192."""


def serve(weights: str) -> None:
    """Loads the model, says where it listens, and waits for the end."""
    # Ctrl-C reaches the whole terminal; the application decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    key = sys.stdin.buffer.readline().decode().strip()
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    server = xllamacpp.Server(_params(weights, key))
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    while True:
        time.sleep(3600)


def _end_with_stdin() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(0)


def _params(weights: str, key: str) -> xllamacpp.CommonParams:
    params = xllamacpp.CommonParams()
    params.model.path = weights
    params.model_alias = {NAME}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    params.n_ctx = CONTEXT
    # With two at once, answers came back empty under load.
    params.n_parallel = 1
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    params.n_threads_http = 4
    # Loading is 0.4 s without it; the first question warms up as well.
    params.warmup = False
    params.ui = False
    # Its log would hold prompts.
    params.verbosity = -1
    return params


if __name__ == "__main__":
    serve(sys.argv[1])
