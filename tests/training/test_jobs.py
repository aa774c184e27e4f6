"""The examples of a training on several machines: what they start exists."""

import json
import os
import subprocess
from pathlib import Path

import yaml

from kwscls.command_line import parse
from kwscls.settings import TrainSettings

EXPORT = Path(__file__).parents[2] / "export"


def test_the_job_for_kubernetes():
    job = yaml.safe_load((EXPORT / "tfjob.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("kubeflow.org/v1", "TFJob")
    worker = job["spec"]["tfReplicaSpecs"]["Worker"]
    assert worker["replicas"] == 2 and worker["restartPolicy"] == "OnFailure"
    pod = worker["template"]["spec"]
    container = pod["containers"][0]
    assert container["name"] == "tensorflow" and container["command"] == ["python", "-m", "kwscls.train"]
    chosen = parse(TrainSettings, container["args"])
    assert chosen.strategy == "multiworker" and chosen.resume and chosen.batch_size == 256
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_the_workers_over_ssh(tmp_path):
    python = tmp_path / "python"  # in the place of Python: it prints how it was started
    python.write_text('#!/bin/bash\necho "$TF_CONFIG" > $(echo "$TF_CONFIG" | tail -c 4 | tr -dc 0-9).json\necho "$@" >> words\n')
    ssh = tmp_path / "ssh"  # in the place of ssh: the other machine is this one
    ssh.write_text('#!/bin/bash\nexec bash -c "$2"\n')
    for program in (python, ssh):
        program.chmod(0o755)
    done = subprocess.run([str(EXPORT / "workers.sh"), "alpha beta", "--data", "my words", "--model", "ast"], cwd=tmp_path,
                          env={**os.environ, "SSH": str(ssh), "PYTHON": str(python)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for index in (0, 1):
        told = json.loads((tmp_path / f"{index}.json").read_text())
        assert told["cluster"] == {"worker": ["alpha:23450", "beta:23450"]} and told["task"] == {"type": "worker", "index": index}
    words = set((tmp_path / "words").read_text().splitlines())
    assert words == {"-m kwscls.train --strategy multiworker --resume --data my words --model ast"}
